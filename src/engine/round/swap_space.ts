import { PAGE_SIZE } from "../../../ffi/libc.ts";
import type { MemInfo } from "../../procfs/meminfo.ts";
import { kindOfArea, readSwaps, type SwapArea, zramName } from "../../procfs/swaps.ts";
import { readZram } from "../../procfs/zram.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import { readZswap } from "../../procfs/zswap.ts";

/** So much stays free for the kernel itself: a part of it all, but no more than this. */
const KEPT_PART = 1 / 64;
const MOST_KEPT_BYTES = 64 * 2 ** 20;

/** How much of a space stays free. */
function keptFree(bytes: number): number {
  return Math.max(PAGE_SIZE, Math.min(bytes * KEPT_PART, MOST_KEPT_BYTES));
}

/**
 * Why nothing more is to go to swap: there is none, it is nearly full, or the zram device that the
 * kernel writes to may hardly take more DRAM (mem_limit; it refuses writes then).
 * @param proc where procfs is mounted. @param sys where sysfs is.
 * @throws {ProcfsError | SystemCallError}
 */
export function whyNoSwapSpace(
  { swapTotalBytes, swapFreeBytes }: MemInfo,
  proc = "/proc",
  sys = "/sys",
): Reason | undefined {
  if (swapTotalBytes === 0) return because("swap_gone");
  if (swapFreeBytes < keptFree(swapTotalBytes)) return because("swap_nearly_full");
  const first = readSwaps(proc).find(({ bytes, usedBytes }) => bytes - usedBytes >= PAGE_SIZE);
  const name = first === undefined ? undefined : zramName(first);
  const zram = name === undefined ? undefined : readZram(name, sys);
  if (name === undefined || zram?.limitBytes === undefined) return undefined;
  const { limitBytes, storeBytes } = zram;
  return storeBytes + keptFree(limitBytes) > limitBytes
    ? because("zram_nearly_full", name)
    : undefined;
}

/**
 * The swap areas in the order of their use: `/dev/zram0 (zram lz4, priority 100)`.
 * @param proc where procfs is mounted. @param sys where sysfs is.
 * @throws {ProcfsError | SystemCallError}
 */
export function describeSwap(proc = "/proc", sys = "/sys"): string {
  const areas = readSwaps(proc).map((area) => describeArea(area, sys));
  if (areas.length === 0) return "nothing";
  const zswap = readZswap(proc, sys);
  const before = zswap?.isEnabled === true ? [`zswap ${zswap.compressor ?? ""}`.trim()] : [];
  return [...before, ...areas].join(", ");
}

function describeArea(area: SwapArea, sys: string): string {
  const name = zramName(area);
  const zram = name === undefined ? undefined : readZram(name, sys);
  const { algorithm, backingDevice } = zram ?? {};
  const kind = [
    [kindOfArea(area, sys), ...(algorithm === undefined ? [] : [algorithm])].join(" "),
    ...(backingDevice === undefined ? [] : [`backed by ${backingDevice}`]),
    `priority ${area.priority}`,
  ];
  return `${area.path} (${kind.join(", ")})`;
}
