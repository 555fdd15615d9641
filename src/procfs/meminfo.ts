import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";
import { pickSizes } from "./size_table.ts";

/** Sizes of /proc/meminfo (proc_meminfo(5)), in bytes. */
export interface MemInfo {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  readonly swapCachedBytes: number;
}

/** @throws {ProcfsError} when a size is missing that every kernel since 3.14 has. @internal */
export function parseMemInfo(text: string): MemInfo {
  const size = (name: string): number => {
    if (!`\n${text}`.includes(`\n${name}:`)) {
      throw new ProcfsError("meminfo", 1, name, text.slice(0, 40));
    }
    return pickSizes(text, [name], "meminfo")[0]!;
  };
  return {
    totalBytes: size("MemTotal"),
    availableBytes: size("MemAvailable"),
    swapTotalBytes: size("SwapTotal"),
    swapFreeBytes: size("SwapFree"),
    swapCachedBytes: size("SwapCached"),
  };
}

/** @param root where procfs is mounted. @throws {ProcfsError | SystemCallError} */
export function readMemInfo(root = "/proc"): MemInfo {
  return parseMemInfo(readText(AT_FDCWD, `${root}/meminfo`) ?? "");
}
