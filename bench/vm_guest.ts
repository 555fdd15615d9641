import { mkdirSync } from "node:fs";
import { processMemory, setKernelSwap, swapOnZram } from "../tests/vm/guest/machine.ts";
import { MIB, startTarget } from "../tests/vm/guest/slide_trial.ts";
import type { HotLayout, Target } from "../tests/tools/fixtures/target.ts";
import { messageOf } from "../src/text/message_of.ts";
import type { Figure } from "./figure.ts";
import { measureReclaim } from "./reclaim.ts";
import { measureScanCost } from "./scan_cost.ts";
import { ServerUnderTest } from "./server_under_test.ts";
import { TouchTarget } from "./touch_target.ts";

/**
 * The part of a VM benchmark that runs inside, in a process of its own: prints its figures on one
 * line, and a verdict as the scenarios of tests/vm do.
 */
const BIN = "/tmp/bin";
const FOLDER = "/tmp/bench";
const PAGE_BYTES = 4096;
const TARGET_BYTES = 256 * MIB;
const FREE_RUNS = 3;
const FREE_SHARE = 0.999;
const FREE_SECONDS = 120;
const SCAN_BYTES = 256 * MIB;

const LAYOUTS: readonly { readonly about: string; readonly hot: HotLayout; readonly n: number }[] =
  [
    { about: "first eighth hot", hot: "first:8", n: 8 },
    { about: "every second page hot", hot: "every:2", n: 2 },
    { about: "every 16th page hot", hot: "every:16", n: 16 },
  ];

/** Waits until so much of the target is in swap, by its VmSwap. @returns seconds. */
async function untilSwapped({ pid }: Target, bytes: number): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const seconds = (performance.now() - begin) / 1000;
    if (processMemory(pid, "VmSwap") >= bytes) return seconds;
    if (seconds > FREE_SECONDS) throw new Error(`not in swap after ${FREE_SECONDS} s`);
    await Bun.sleep(20);
  }
}

/** From `project start` until the cold pages are in swap, next to C that knows them. */
async function timeToFree(layout: (typeof LAYOUTS)[number]): Promise<Figure[]> {
  const { about, hot, n } = layout;
  const pages = TARGET_BYTES / PAGE_BYTES;
  const coldBytes = (hot.startsWith("first") ? pages - pages / n : pages - Math.ceil(pages / n)) *
    PAGE_BYTES;
  const values: number[] = [];
  const moving: number[] = [];
  const baseline: number[] = [];
  for (let run = 0; run < FREE_RUNS; run++) {
    {
      using target = await startTarget({ sizeBytes: TARGET_BYTES, hot });
      await using server = await ServerUnderTest.start(FOLDER, { bin: BIN });
      server.addTask({ type: "pid", value: target.pid });
      server.startProject();
      values.push(await untilSwapped(target, coldBytes * FREE_SHARE));
      const { rounds } = await server.untilRounds(1);
      const first = rounds.find(({ number }) => number === 1);
      moving.push((first?.phases.move_us ?? 0) / 1e6);
    }
    using target = await startTarget({ sizeBytes: TARGET_BYTES, hot });
    const [kind = ""] = hot.split(":");
    const { start = 0 } = target.processes()[0] ?? {};
    const args = [target.pid, start, pages, kind, n].map(String);
    const { success, stdout, stderr } = Bun.spawnSync([`${BIN}/swap_baseline`, ...args]);
    if (!success) throw new Error(stderr.toString());
    baseline.push(Number(stdout.toString()));
    const swapped = processMemory(target.pid, "VmSwap");
    if (swapped < coldBytes * FREE_SHARE) throw new Error(`the baseline moved ${swapped} bytes`);
  }
  const known = { name: "C, told which", values: baseline };
  return [
    { what: `${about}, from start to in swap`, unit: "s", values, baseline: known },
    { what: `${about}, in the mover`, unit: "s", values: moving, baseline: known },
  ];
}

/** A scan a second of a target that uses all its memory. */
async function scanCost(tracker: "idle_pages" | "page_idle"): Promise<Figure[]> {
  using target = await TouchTarget.start(`${BIN}/touch_target`, SCAN_BYTES, FOLDER);
  await using server = await ServerUnderTest.start(FOLDER, { bin: BIN });
  return await measureScanCost({
    tracker,
    server,
    target,
    baseline: `${BIN}/scan_baseline`,
    runs: 5,
    seconds: 5,
  });
}

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  free: async () => {
    const figures: Figure[] = [];
    for (const layout of LAYOUTS) figures.push(...await timeToFree(layout));
    return figures;
  },
  reclaim_two_lists: () => measureReclaim(false),
  reclaim_multi_gen: () => measureReclaim(true),
  scan_idle_pages: () => scanCost("idle_pages"),
  scan_page_idle: () => scanCost("page_idle"),
};

const name = process.argv[2] ?? "";
try {
  mkdirSync(FOLDER, { recursive: true });
  swapOnZram(1024);
  setKernelSwap(false);
  const figures = await PARTS[name]?.();
  if (figures === undefined) throw new Error(`there is no part of this name`);
  console.log(`figures ${JSON.stringify(figures)}`);
  console.log(`ok ${name}`);
} catch (error) {
  console.log(`not ok ${name}: ${messageOf(error)}`);
}
process.exit(0);
