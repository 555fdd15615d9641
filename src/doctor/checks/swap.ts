import { whyNoSwapSpace } from "../../engine/round/swap_space.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { kindOfArea, readSwaps } from "../../procfs/swaps.ts";
import { because } from "../../reason/reasons.ts";
import { formatBytes, formatShare } from "../../text/quantities.ts";
import { explain } from "../explain.ts";
import type { Finding, Report } from "../finding.ts";
import type { Patient } from "../patient.ts";

const ABOUT = "swap";
/** Less free swap space than this share of it is worth a word. */
const SCARCE_SHARE = 0.05;

/** Whether there is swap space, room in it, and of what kind it is. */
export function checkSwap({ proc, sys }: Patient, report: Report): void {
  const memory = readMemInfo(proc);
  const { swapTotalBytes: total, swapFreeBytes: free } = memory;
  if (total === 0) {
    report.add(
      explain(because("no_swap_space", ""), "there is no swap space", "hinders", { about: ABOUT }),
    );
    return;
  }
  const room = `${formatBytes(free)} of ${formatBytes(total)} are free (${
    formatShare(free, total)
  })`;
  const why = whyNoSwapSpace(memory, proc, sys);
  if (why !== undefined) {
    report.add(explain(why, `${why} (${room})`, "hinders", { about: ABOUT }));
  } else if (free < total * SCARCE_SHARE) {
    report.add(scarce(room));
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

function scarce(room: string): Finding {
  return {
    weight: "note",
    about: ABOUT,
    found: room,
    meaning: "When 1/64 of it is left, or 64 MiB of a large one, etmemd moves nothing more.",
    remedy: "Make more swap space.",
    commands: ["swapon --show"],
  };
}
