import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { pause } from "../../async/abortable.ts";
import { predict } from "../../guard/outlook.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { CompressionEstimate } from "../../status/histogram.ts";
import { messageOf } from "../../text/message_of.ts";
import { JobError } from "../../worker/pool.ts";
import type { HistogramRequest } from "../engine.ts";
import type { Workers } from "../engine_context.ts";
import type { CopiedAges } from "../round/copied_ages.ts";
import type { RoundLoop } from "../round/round_loop.ts";
import type { MoveOrder } from "./move_order.ts";

/** Pages that were not used in so many scans are taken for cold. */
const COLD_AGE_SCANS = 2;
/** So many pages are read at most, of so many processes: those that have most cold memory. */
const MOST_PAGES = 1000;
const MOST_PROCESSES = 16;
/** For so long it is waited in all until no thread works with a process. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

/**
 * @param giveUpMs by performance.now().
 * @returns undefined when threads work with it all the time. @throws the signal's reason
 */
async function agesInTime(
  run: RoundLoop<MoveOrder>,
  process: FoundProcess,
  giveUpMs: number,
  signal: AbortSignal,
): Promise<CopiedAges | undefined> {
  for (;;) {
    const ages = run.copyAges(process);
    if (ages !== undefined || performance.now() > giveUpMs || run.life.isOver) return ages;
    await pause(LOOK_MS, signal);
    signal.throwIfAborted();
  }
}

/** The processes that have most cold memory, with how many pages of each are read. */
function shares(run: RoundLoop<MoveOrder>): { process: FoundProcess; most: number }[] {
  const cold = run.seen
    .map(({ process, outlook }) => ({ process, pages: predict(outlook, COLD_AGE_SCANS).pages }))
    .filter(({ pages }) => pages > 0)
    .toSorted((a, b) => b.pages - a.pages)
    .slice(0, MOST_PROCESSES);
  const all = cold.reduce((sum, { pages }) => sum + pages, 0);
  return cold.map(({ process, pages }) => ({
    process,
    most: Math.max(1, Math.floor(MOST_PAGES * pages / all)),
  }));
}

/**
 * How far cold memory of a task can be compressed, by a sample.
 * @returns why that is not known. @throws the signal's reason
 */
export async function estimateCompression(
  run: RoundLoop<MoveOrder>,
  tracker: string,
  workers: Workers,
  { signal, progress }: Pick<HistogramRequest, "signal" | "progress">,
): Promise<CompressionEstimate | { missing: string }> {
  if (tracker === "smaps") {
    return { missing: "with the tracker smaps a page that is read makes its whole area look used" };
  }
  const sum = { pages: 0, sameFilled: 0, storedBytes: 0 };
  const giveUpMs = performance.now() + PATIENCE_MS;
  try {
    for (const { process: { pid, startTicks }, process, most } of shares(run)) {
      progress?.(sum.pages * PAGE_SIZE, MOST_PAGES * PAGE_SIZE);
      const ages = await agesInTime(run, process, giveUpMs, signal);
      if (ages === undefined) continue;
      const request = { pid, startTicks, tracker, ages, ageScans: COLD_AGE_SCANS, most };
      const sample = await workers.run("sample_cold", request, signal);
      sum.pages += sample.pages;
      sum.sameFilled += sample.sameFilled;
      sum.storedBytes += sample.storedBytes;
    }
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { missing: messageOf(error) };
  }
  if (sum.pages === 0) return { missing: "no cold page was found in DRAM" };
  return {
    pages: sum.pages,
    same_filled_pages: sum.sameFilled,
    stored_percent: Number((100 * sum.storedBytes / (sum.pages * PAGE_SIZE)).toFixed(1)),
  };
}
