import { readFileSync } from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { BtfError, BtfFile } from "./btf_file.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { because } from "../reason/reasons.ts";

const BTF = "/sys/kernel/btf/vmlinux";

/** The way from a thread to the page tables behind one of its descriptors. */
const MEMBERS = {
  files: ["task_struct", "files"],
  fdTable: ["files_struct", "fdt"],
  descriptors: ["fdtable", "fd"],
  /** Of a file that pagemap_open() of fs/proc/task_mmu.c opened: its struct mm_struct. */
  privateData: ["file", "private_data"],
  /** Users of the memory; 0 when the last process has ended. */
  users: ["mm_struct", "mm_users"],
  topTable: ["mm_struct", "pgd"],
} as const;

/** Offsets of those members in bytes. */
export type KernelOffsets = Readonly<Record<keyof typeof MEMBERS, number>>;

/** What a walk program has to know of the running kernel. */
export interface KernelFacts {
  readonly offsets: KernelOffsets;
  /** The id of what an iterator over tasks attaches to. @throws {PageTablesMissing} */
  readonly taskIteratorId: () => number;
}

/** The kernel's own BTF. @throws {PageTablesMissing} */
function readBtf(): BtfFile {
  try {
    return new BtfFile(readFileSync(BTF));
  } catch (error) {
    if (error instanceof BtfError) {
      throw new PageTablesMissing(because("failed", error.message), { cause: error });
    }
    const code = errorCode(error);
    if (code === undefined) throw error;
    const about = code === "ENOENT" ? because("no_btf", BTF) : because("btf_unreadable", BTF, code);
    throw new PageTablesMissing(about, { cause: error });
  }
}

/** @throws {PageTablesMissing | BtfError} */
function kernelOffsets(btf: BtfFile): KernelOffsets {
  const entries = Object.entries(MEMBERS).map(([name, [struct, member]]) => {
    const offset = btf.memberOffset(struct, member);
    if (offset !== undefined) return [name, offset];
    throw new PageTablesMissing(because("btf_lacks", `${struct}.${member}`));
  });
  return Object.fromEntries(entries) as KernelOffsets;
}

/** Reads /sys/kernel/btf/vmlinux, some megabytes. @throws {PageTablesMissing} */
export function readKernelFacts(): KernelFacts {
  const offsets = kernelOffsets(readBtf());
  return {
    offsets,
    // Only older kernels need it, and it stands far behind in the file.
    taskIteratorId: () => {
      const id = readBtf().functionId("bpf_iter_task");
      if (id === undefined) throw new PageTablesMissing(because("no_task_iterator"));
      return id;
    },
  };
}
