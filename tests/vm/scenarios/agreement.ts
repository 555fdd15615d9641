import type { TrackerName } from "../../../src/tracker/trackers.ts";
import type { Target, TargetOptions } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { hugeBytes, PAGE_BYTES, swapOut, SWAPPED, whereabouts } from "../guest/address_space.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { MIB, startTarget } from "../guest/slide_trial.ts";
import { type Score, watchArea } from "../guest/watch_area.ts";
import type { Scenario } from "../scenario.ts";

/** Those that tell pages apart. */
const TRACKERS: readonly TrackerName[] = ["idle_pages", "page_table", "page_idle"];

/** Precision and recall that each of them has to reach. */
const LEAST = 0.999;

/** What a target is like while the trackers watch it. */
interface Pattern {
  readonly name: string;
  readonly options: Partial<TargetOptions>;
  /** Brings it there. */
  readonly prepare?: (target: Target) => Promise<void>;
}

/**
 * clear_refs and page_idle leave the translations that a processor holds alone: a page that it
 * knows does not get its bit again until it forgets the page. `flush` has it forget before each
 * touch; the scenarios of slide go without, as programs do.
 */
const FRESH = { flush: true } as const;

async function inHugePages(target: Target): Promise<void> {
  const huge = hugeBytes(target.pid);
  demand(huge >= target.options.sizeBytes, `only ${huge} bytes are in huge pages`);
}

/** Everything goes to swap; the hot pages come back by themselves. */
async function hotBackFromSwap(target: Target): Promise<void> {
  const { start = 0, sizeBytes = 0, hotPages = 0 } = target.processes()[0] ?? {};
  const pages = sizeBytes / PAGE_BYTES;
  swapOut(target.pid, Array.from({ length: pages }, (_, page) => start + page * PAGE_BYTES));
  await waitFor("the hot pages to come back", () => {
    const swapped = whereabouts(target.pid, start, sizeBytes).filter((one) => one === SWAPPED);
    return swapped.length <= pages - hotPages;
  });
}

const PATTERNS: readonly Pattern[] = [
  { name: "block", options: { ...FRESH, hot: "first:8" } },
  { name: "alternating", options: { ...FRESH, hot: "every:2" } },
  { name: "every_16th", options: { ...FRESH, hot: "every:16" } },
  { name: "random", options: { ...FRESH, hot: "random:8" } },
  { name: "written", options: { ...FRESH, hot: "random:8", write: true } },
  {
    name: "huge",
    options: { ...FRESH, hot: "every:2", huge: true, unitBytes: 2 * MIB },
    prepare: inHugePages,
  },
  { name: "forked", options: { ...FRESH, hot: "random:8" }, prepare: (target) => target.fork() },
  { name: "hot_from_swap", options: { ...FRESH, hot: "random:8" }, prepare: hotBackFromSwap },
  {
    name: "all_from_swap",
    options: { ...FRESH, hot: "random:8" },
    prepare: async (target) => {
      await hotBackFromSwap(target);
      await target.verify();
    },
  },
];

/** On one kernel each tracker in turn calls those pages accessed that the target touches. */
function agree({ name, options, prepare }: Pattern, levels: number): Scenario {
  return {
    name: `agreement_${levels}_levels_${name}`,
    deadlineSeconds: 200,
    async run() {
      swapOnZram(256);
      setKernelSwap(false);
      using target = await startTarget({ sizeBytes: 64 * MIB, ...options });
      await prepare?.(target);
      const scores: Partial<Record<TrackerName, Score>> = {};
      for (const tracker of TRACKERS) scores[tracker] = await watchArea(tracker, target);
      note(scores);
      demandNone(
        Object.entries(scores)
          .filter(([, { precision, recall }]) => !(precision >= LEAST && recall >= LEAST))
          .map(([tracker, score]) => `${tracker}: ${JSON.stringify(score)}`),
      );
    },
  };
}

export const agreement: readonly Scenario[] = PATTERNS.map((pattern) => agree(pattern, 4));

/** The same where page tables have five levels. */
export const agreementFiveLevels: readonly Scenario[] = PATTERNS.map((one) => agree(one, 5));
