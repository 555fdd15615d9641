import { readMemInfo } from "../src/procfs/meminfo.ts";
import { clearRefs } from "../src/tracker/clear_refs.ts";
import { PageCounts } from "../src/tracker/page_counts.ts";
import type { TrackerMemory } from "../src/tracker/tracker.ts";
import { PAGE_TABLE } from "../src/tracker/tracker_page_table.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuMs } from "./cpu_ms.ts";
import type { Figure, Outcome, Target } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { MappingTarget } from "./mapping_target.ts";

const GIB = 2 ** 30;
const RUNS = 9;
/** Before the compiler of the engine has done its work, runs say little. */
const WARM_UP_RUNS = 20;
/** Windows in which the mapping thread is watched, and scans in each, a second apart. */
const WINDOWS = 5;
const WINDOW_SCANS = 10;
const INTERVAL_MS = 1000;
/** What the machine keeps for itself. */
const SPARE_BYTES = 2 * GIB;

const AT_MOST_HALF_MORE: readonly Target[] = [{ of: "ratio", is: "at most", limit: 1.5 }];

/** Which pages are in use: every step-th of the first 1/part. */
const LAYOUTS = [
  { name: "every 4th page", step: 4, part: 1, targets: AT_MOST_HALF_MORE },
  { name: "the first quarter", step: 1, part: 4, targets: AT_MOST_HALF_MORE },
  { name: "every 16th page", step: 16, part: 1 },
  { name: "every 2nd page", step: 2, part: 1 },
  { name: "all pages", step: 1, part: 1 },
  { name: "no page", step: 1, part: Number.POSITIVE_INFINITY },
] as const;

/**
 * One scan. @param memory what the last one kept; undefined: everything is cleared.
 * @returns what this one keeps.
 */
function scan(
  { process: { pid, dirFd, pagemap } }: MappingTarget,
  memory?: TrackerMemory,
): TrackerMemory {
  const tracker = PAGE_TABLE.create(memory);
  const selection = { kind: "swappable" } as const;
  const flags = { swapFlag: false, ignoreHost: false };
  const target = { pid, dirFd, pagemap, selection, flags, stopped: () => false };
  const outcome = tracker.scan(target, new PageCounts());
  if (outcome.state !== "scanned") throw new Error(`the scan ended: ${JSON.stringify(outcome)}`);
  return tracker.memory();
}

async function measureCost(folder: string): Promise<Figure[]> {
  using target = await MappingTarget.start(folder, GIB, false);
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    await target.use(4);
    scan(target);
  }
  const figures: Figure[] = [];
  for (const { name, step, part, ...more } of LAYOUTS) {
    const values: number[] = [];
    const alone: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await target.use(step, part);
      values.push(cpuMs(() => void scan(target)));
      await target.use(step, part);
      alone.push(cpuMs(() => clearRefs(target.process.dirFd)));
    }
    const baseline = { name: "clear_refs", values: alone };
    figures.push({ what: `scan 1 GiB, ${name} in use`, unit: "ms", values, baseline, ...more });
  }
  return figures;
}

/** Windows of scans, and others without, in turn. */
async function measureMapping(folder: string, gibs: number): Promise<Outcome[]> {
  const what = `a thread that maps, in ${gibs} GiB`;
  if (readMemInfo().availableBytes < gibs * GIB + SPARE_BYTES) {
    return [{ what, reason: "there is too little memory" }];
  }
  using target = await MappingTarget.start(folder, gibs * GIB, true);
  const waits: Record<"scanned" | "alone", number[]> = { scanned: [], alone: [] };
  const rates: typeof waits = { scanned: [], alone: [] };
  let memory = scan(target);
  for (let window = 0; window < 2 * WINDOWS; window++) {
    const kind = window % 2 === 0 ? "scanned" : "alone";
    target.takeMappings();
    const begin = performance.now();
    for (let i = 1; i <= WINDOW_SCANS; i++) {
      await target.use(4);
      if (kind === "scanned") memory = scan(target, memory);
      await Bun.sleep(Math.max(0, begin + i * INTERVAL_MS - performance.now()));
    }
    const { count, longestMs } = target.takeMappings();
    waits[kind].push(longestMs);
    rates[kind].push(count / (performance.now() - begin));
  }
  const figure = (of: typeof waits) => ({
    values: of.scanned,
    baseline: { name: "not scanned", values: of.alone },
  });
  return [
    {
      what: `${what}, longest wait`,
      unit: "ms",
      ...figure(waits),
      targets: [{ of: "median", is: "at most", limit: 10 }],
    },
    {
      what: `${what}, mappings`,
      unit: "1/ms",
      ...figure(rates),
      targets: [{ of: "ratio", is: "at least", limit: 0.97 }],
    },
  ];
}

export const CLEARING: Benchmark = {
  name: "clearing",
  about:
    "a scan by page_table with clearing, next to clear_refs; a thread that maps, scanned every second",
  run(): Promise<Outcome[]> | Outcome[] {
    const reason = PAGE_TABLE.missing();
    if (reason !== undefined) return [{ what: "all of it", reason }];
    return inFolder(0, async (folder) => [
      ...await measureCost(folder),
      ...await measureMapping(folder, 4),
      ...await measureMapping(folder, 8),
    ]);
  },
};
