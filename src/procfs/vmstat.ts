import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

/** Counters of /proc/vmstat (include/linux/vm_event_item.h), since the machine was started. */
export interface SwapCounters {
  /** Base pages that were read back from swap, for any process. */
  readonly readPages: number;
  /** Page faults of all processes that waited for a read: of a file, or of swap. */
  readonly majorFaults: number;
}

/**
 * Pages are read from a device, from zswap (counted since Linux 5.19), or are known to be zeros
 * (since 6.12).
 */
const READS = ["pswpin", "zswpin", "swpin_zero"] as const;

/** @returns undefined when the kernel does not count. @throws {ProcfsError} @internal */
export function parseSwapCounters(text: string): SwapCounters | undefined {
  const counters = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [name = "", value = ""] = line.split(" ");
    counters.set(name, value);
  }
  const counter = (name: string): number => {
    const value = counters.get(name) ?? "0";
    if (/^\d+$/.test(value)) return Number(value);
    throw new ProcfsError("vmstat", [...counters.keys()].indexOf(name) + 1, name, value);
  };
  if (!counters.has("pswpin") || !counters.has("pgmajfault")) return undefined;
  return {
    readPages: READS.reduce((sum, name) => sum + counter(name), 0),
    majorFaults: counter("pgmajfault"),
  };
}

/** @param root where procfs is mounted. @throws {ProcfsError | SystemCallError} */
export function readSwapCounters(root = "/proc"): SwapCounters | undefined {
  return parseSwapCounters(readText(AT_FDCWD, `${root}/vmstat`) ?? "");
}
