import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

/** What a zram device holds (Documentation/admin-guide/blockdev/zram.rst), in bytes. */
export interface ZramDevice {
  /** The chosen one of comp_algorithm; absent where that is not readable. */
  readonly algorithm?: string;
  /** The block device that it may write to; absent where there is none. */
  readonly backingDevice?: string;
  /** Of what was stored, before compression. */
  readonly storedBytes: number;
  /** DRAM that it takes: mem_used_total. */
  readonly storeBytes: number;
  /** The most DRAM that it may take; absent without a limit. */
  readonly limitBytes?: number;
}

/** The number of bytes of each item of mm_stat. @throws {ProcfsError} @internal */
export function parseMmStat(text: string): number[] {
  const values = text.trim().split(/\s+/);
  if (values.length < 4 || !values.every((value) => /^\d+$/.test(value))) {
    throw new ProcfsError("mm_stat", 1, "orig_data_size to mem_limit", text.trim());
  }
  return values.map(Number);
}

/**
 * @param name `zram0`. @param root where sysfs is mounted.
 * @returns undefined when there is no such device. @throws {ProcfsError | SystemCallError}
 */
export function readZram(name: string, root = "/sys"): ZramDevice | undefined {
  const folder = `${root}/block/${name}`;
  const text = readText(AT_FDCWD, `${folder}/mm_stat`);
  if (text === undefined) return undefined;
  const [storedBytes = 0, , storeBytes = 0, limitBytes = 0] = parseMmStat(text);
  const algorithms = readText(AT_FDCWD, `${folder}/comp_algorithm`) ?? "";
  const algorithm = /\[(.+?)\]/.exec(algorithms)?.[1];
  const backingDevice = readText(AT_FDCWD, `${folder}/backing_dev`)?.trim() ?? "none";
  return {
    storedBytes,
    storeBytes,
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(backingDevice === "none" ? {} : { backingDevice }),
    ...(limitBytes === 0 ? {} : { limitBytes }),
  };
}
