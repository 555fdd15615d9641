import { PageCounts } from "../../../src/tracker/page_counts.ts";
import type { ScanTarget } from "../../../src/tracker/tracker.ts";
import { type TrackerName, TRACKERS } from "../../../src/tracker/trackers.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "./address_space.ts";
import { demand } from "./demand.ts";
import { isHot } from "./slide_trial.ts";

/** Two cycles: one that may have begun before the window, and a whole one. */
const CYCLES = 2;

/** How what a tracker calls accessed compares with what the target touches. */
export interface Score {
  readonly hotPages: number;
  /** Called accessed. */
  readonly pages: number;
  /** Of those, the part that is hot. */
  readonly precision: number;
  /** Of the hot pages, the part that is called accessed. */
  readonly recall: number;
}

/**
 * Has a tracker watch a target while that goes over its hot pages, and compares.
 * @param target one process, with an area of its own.
 */
export async function watchArea(tracker: TrackerName, target: Target): Promise<Score> {
  const kind = TRACKERS.find(({ name }) => name === tracker);
  demand(kind !== undefined, `there is no tracker ${tracker}`);
  const missing = kind.missing();
  demand(missing === undefined, `${tracker}: ${missing}`);
  using process = new OpenProcess(target.pid);
  const scanTarget: ScanTarget = {
    pid: process.pid,
    dirFd: process.dirFd,
    pagemap: process.pagemap,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stopped: () => false,
  };
  const first = kind.create(undefined);
  const opened = first.scan(scanTarget, null);
  demand(opened.state === "scanned", `${tracker}: ${JSON.stringify(opened)}`);
  const cycles = (): number => target.processes()[0]?.cycles ?? 0;
  const before = cycles();
  await waitFor("the target to go over its pages", () => cycles() >= before + CYCLES);
  const counts = new PageCounts();
  const outcome = kind.create(first.memory()).scan(scanTarget, counts);
  demand(
    outcome.state === "scanned" && outcome.errors.length === 0,
    `${tracker}: ${JSON.stringify(outcome)}`,
  );
  return compare(target, counts);
}

function compare(target: Target, counts: PageCounts): Score {
  const { start = 0, sizeBytes = 0 } = target.processes()[0] ?? {};
  const accessed = new Uint8Array(sizeBytes / PAGE_BYTES);
  const firstPage = start / PAGE_BYTES;
  counts.walk({ segment: 0, index: 0 }, 1, Number.POSITIVE_INFINITY, (page, pages) => {
    accessed.fill(1, Math.max(page - firstPage, 0), Math.max(page + pages - firstPage, 0));
    return true;
  });
  const unitPages = (target.options.unitBytes ?? PAGE_BYTES) / PAGE_BYTES;
  let hotPages = 0;
  let both = 0;
  for (const [page, isAccessed] of accessed.entries()) {
    if (!isHot(target.options, Math.floor(page / unitPages))) continue;
    hotPages += 1;
    both += isAccessed;
  }
  const pages = accessed.reduce((sum, one) => sum + one, 0);
  return { hotPages, pages, precision: both / pages, recall: both / hotPages };
}
