import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { kindOfArea, readSwaps } from "../../procfs/swaps.ts";
import { because } from "../../reason/reasons.ts";
import { formatBytes, formatShare } from "../../text/quantities.ts";
import { explain } from "../explain.ts";
import type { Report } from "../finding.ts";
import type { Patient } from "../patient.ts";

const ABOUT = "swap";
/** Less free swap space than this share of it is worth a word. */
const SCARCE_SHARE = 0.05;

/** Whether there is swap space, room in it, and of what kind it is. */
export function checkSwap({ proc, sys }: Patient, report: Report): void {
  const { swapTotalBytes: total, swapFreeBytes: free } = readMemInfo(proc);
  if (total === 0) {
    report.add(
      explain(because("no_swap_space", ""), "there is no swap space", "hinders", { about: ABOUT }),
    );
    return;
  }
  if (free < total * SCARCE_SHARE) {
    const isFull = free < PAGE_SIZE;
    const found = isFull
      ? `all ${formatBytes(total)} of swap space are used`
      : `${formatBytes(free)} of swap space are free (${formatShare(free, total)})`;
    report.add(
      explain(because("swap_nearly_full"), found, isFull ? "hinders" : "note", { about: ABOUT }),
    );
  }
  for (const area of readSwaps(proc)) {
    if (kindOfArea(area, sys) !== "rotating disk") continue;
    report.add({
      weight: "note",
      about: ABOUT,
      found: `"${area.path}" is on a rotating disk`,
      meaning: "A page takes about 10 ms to come back, so stall_limit lets little go.",
      remedy: "Use swap space on a solid-state disk, or zram, with a higher priority.",
      commands: [
        "modprobe zram && zramctl --find --size 8G",
        "mkswap /dev/zram0 && swapon -p 100 /dev/zram0",
      ],
    });
  }
}
