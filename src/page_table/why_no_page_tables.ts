import { SystemCallError } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { readText } from "../procfs/read_file.ts";
import { openReader } from "./open_reader.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { selfTest } from "./self_test.ts";

const LOCKDOWN = "/sys/kernel/security/lockdown";
const RIGHTS = [["CAP_BPF", "CAP_SYS_ADMIN"], ["CAP_PERFMON", "CAP_SYS_ADMIN"]] as const;

/** What was found out; null when nothing is missing. */
let answer: string | null | undefined;

/**
 * Why page tables cannot be read here. The first call loads a program and tests it on pages of this
 * process, which takes some 20 ms, or 100 ms more before Linux 5.17; nothing stays loaded.
 * @returns undefined when they can.
 */
export function whyNoPageTables(): string | undefined {
  if (answer === undefined) {
    const reason = missingRight();
    if (reason !== undefined) return reason;
    const { why, isFinal } = tryOut();
    if (!isFinal) return why;
    answer = why ?? null;
  }
  return answer ?? undefined;
}

function missingRight(): string | undefined {
  if (readText(AT_FDCWD, LOCKDOWN)?.includes("[confidentiality]") === true) {
    return "lockdown=confidentiality keeps BPF programs from reading memory of the kernel";
  }
  return missingCapabilities(RIGHTS);
}

/** @returns `isFinal` false when it may be otherwise at another time. */
function tryOut(): { readonly why: string | undefined; readonly isFinal: boolean } {
  try {
    using reader = openReader();
    const wrong = selfTest(reader);
    const why = wrong === undefined ? undefined : `page tables of our own are misread: ${wrong}`;
    return { why, isFinal: true };
  } catch (error) {
    if (error instanceof PageTablesMissing) return { why: error.message, isFinal: true };
    if (error instanceof SystemCallError) return { why: describe(error), isFinal: false };
    throw error;
  }
}

function describe({ code, syscall, message }: SystemCallError): string {
  if (!syscall.startsWith("bpf(")) return message;
  if (code === "ENOSYS") return "this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)";
  if (code === "EPERM") return `${message}: by a system call filter, or in a user namespace`;
  return message;
}
