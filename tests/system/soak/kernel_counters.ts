import { readdirSync, readFileSync } from "node:fs";

/** What the kernel has swapped since boot, in pages, and whether it reclaimed memory by itself. */
export interface KernelCounters {
  readonly swappedOut: number;
  readonly swappedIn: number;
  /**
   * Pages that the kernel looked at to reclaim them by itself,
   * or because it was told to by memory.reclaim.
   */
  readonly reclaimed: number;
}

/**
 * Reads /proc/vmstat. Pages of zeros are counted apart (swpout_zero, Linux 6.12),
 * and MADV_PAGEOUT is not counted as a scan.
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
    reclaimed: sum("pgscan_kswapd", "pgscan_direct", "pgscan_khugepaged", "pgscan_proactive"),
  };
}

/**
 * Who else swaps, or may have swapped since `before`: then the kernel's counters hold more than
 * tasks asked for. DAMON's pageout is not counted as a scan either.
 * @returns undefined when nobody does.
 */
export function otherSwapping(before: KernelCounters): string | undefined {
  const areas = swapPriorities().length;
  if (areas !== 1) return `there are ${areas} swap areas`;
  if (readKernelCounters().reclaimed !== before.reclaimed) return "the kernel reclaimed memory";
  const [kdamond] = kdamonds();
  return kdamond === undefined ? undefined : `DAMON may page out memory here (${kdamond})`;
}

/** Names of DAMON's threads (Documentation/mm/damon/design.rst). */
export function kdamonds(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, "latin1").trim();
      return /^kdamond\.\d+$/.test(name) ? [name] : [];
    } catch {
      return []; // it has just ended
    }
  });
}

/** Priorities of this machine's swap areas (proc_swaps(5)). */
export function swapPriorities(): number[] {
  const [, ...lines] = readFileSync("/proc/swaps", "latin1").trim().split("\n");
  return lines.map((line) => Number(line.split(/\s+/).at(-1)));
}
