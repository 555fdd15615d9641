import { AT_FDCWD, PAGE_SIZE } from "../../ffi/libc.ts";
import { SystemCallError } from "../../ffi/errno.ts";
import { ProcfsError, readText } from "./read_file.ts";
import { pickSizes } from "./size_table.ts";

/** The compressed cache in front of swap devices (Documentation/admin-guide/mm/zswap.rst). */
export interface Zswap {
  readonly isEnabled: boolean;
  readonly compressor?: string;
  /** The most DRAM that it may take, in percent of the machine's. */
  readonly maxPoolPercent?: number;
  /** Of what it holds, before compression. */
  readonly storedBytes: number;
  /** DRAM that it takes. */
  readonly storeBytes: number;
}

const PARAMETERS = "module/zswap/parameters";
const DEBUG = "kernel/debug/zswap";

/**
 * It may hold pages also after it was switched off.
 * @param proc where procfs is mounted. @param sys where sysfs is.
 * @returns undefined where the kernel has none. @throws {ProcfsError | SystemCallError}
 */
export function readZswap(proc = "/proc", sys = "/sys"): Zswap | undefined {
  const enabled = readText(AT_FDCWD, `${sys}/${PARAMETERS}/enabled`)?.trim();
  if (enabled === undefined) return undefined;
  const compressor = readText(AT_FDCWD, `${sys}/${PARAMETERS}/compressor`)?.trim();
  const percent = readText(AT_FDCWD, `${sys}/${PARAMETERS}/max_pool_percent`)?.trim();
  return {
    isEnabled: enabled === "Y",
    ...(compressor === undefined ? {} : { compressor }),
    ...(percent === undefined ? {} : { maxPoolPercent: Number(percent) }),
    ...readZswapSizes(proc, sys),
  };
}

/**
 * What zswap holds and takes: 0 where it cannot be known.
 * @throws {ProcfsError | SystemCallError}
 */
export function readZswapSizes(
  proc = "/proc",
  sys = "/sys",
): { readonly storedBytes: number; readonly storeBytes: number } {
  const meminfo = readText(AT_FDCWD, `${proc}/meminfo`) ?? "";
  if (meminfo.includes("\nZswapped:")) {
    const [storeBytes = 0, storedBytes = 0] = pickSizes(meminfo, ["Zswap", "Zswapped"], "meminfo");
    return { storedBytes, storeBytes };
  }
  // Linux before 5.19.
  return {
    storedBytes: readCount(`${sys}/${DEBUG}/stored_pages`) * PAGE_SIZE,
    storeBytes: readCount(`${sys}/${DEBUG}/pool_total_size`),
  };
}

/** Where debugfs is not mounted, or must not be read, there is nothing to be known. */
function readCount(path: string): number {
  try {
    const text = readText(AT_FDCWD, path)?.trim() ?? "0";
    if (/^\d+$/.test(text)) return Number(text);
    throw new ProcfsError(path, 1, "a number", text);
  } catch (error) {
    if (error instanceof SystemCallError) return 0;
    throw error;
  }
}
