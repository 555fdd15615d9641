import { readFileSync } from "node:fs";

/** What the kernel has swapped since boot, in pages, and whether it reclaimed memory by itself. */
export interface KernelCounters {
  readonly swappedOut: number;
  readonly swappedIn: number;
  /** Pages that kswapd or an allocation looked at. */
  readonly reclaimed: number;
}

/**
 * Reads /proc/vmstat. Pages of zeros are counted apart (swpout_zero, Linux 6.12), and MADV_PAGEOUT is not
 * counted as a scan.
 */
export function readKernelCounters(): KernelCounters {
  const text = readFileSync("/proc/vmstat", "latin1");
  const sum = (...names: string[]): number =>
    names.reduce(
      (n, name) => n + Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0),
      0,
    );
  return {
    swappedOut: sum("pswpout", "swpout_zero"),
    swappedIn: sum("pswpin", "swpin_zero"),
    reclaimed: sum("pgscan_kswapd", "pgscan_direct"),
  };
}

/** Priorities of this machine's swap areas (proc_swaps(5)). */
export function swapPriorities(): number[] {
  const [, ...lines] = readFileSync("/proc/swaps", "latin1").trim().split("\n");
  return lines.map((line) => Number(line.split(/\s+/).at(-1)));
}
