import { describe, expect, test } from "bun:test";
import { zipfKeys } from "../../../../demo/key_choice.ts";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { compileConfig } from "../../../../src/config/compile.ts";
import { advise, type KnownTask, stallLimitBelow } from "../../../../src/engine/slide/advice.ts";
import { adviceFile } from "../../../../src/engine/slide/advice_file.ts";
import { type OutlookData, toOutlook } from "../../../../src/guard/outlook.ts";
import type { TaskAdvice } from "../../../../src/status/advice.ts";
import { PINNABLE_NAMES } from "../../../tools/fixtures/pinnable_names.ts";
import { Random } from "../../../tools/fixtures/random.ts";
import { slideTask } from "../../../tools/fixtures/slide_task.ts";
import { SimulatedProcess, type Simulation } from "../../guard/simulated_process.ts";

/** Ages that are told apart, and the one before each. */
const BEFORE: Readonly<Record<number, number>> = { 3: 2, 4: 3, 16: 15, 32: 27, 91: 77 };

/** 1000 pages of which so many are idle for so long, and used so often a second. */
function outlookOf(
  age: number,
  idle: number,
  usesPerSecond: number,
  observedSeconds = 3600,
): OutlookData {
  return toOutlook(
    [
      { age, pages: idle, moved: 0, usesPerSecond },
      { age: BEFORE[age]!, pages: 1000 - idle, moved: 0, usesPerSecond: 1e6 },
    ],
    10e-6,
    observedSeconds,
  );
}

function task(outlooks: readonly OutlookData[], more: Partial<KnownTask> = {}): KnownTask {
  return { name: "t", outlooks, stallLimitPercent: 0.1, tellsPagesApart: true, ...more };
}

/** Advice for one task, whose scans are a second apart. */
function adviceFor(outlooks: readonly OutlookData[], more: Partial<KnownTask> = {}): TaskAdvice {
  return advise([task(outlooks, more)], 1).tasks[0]!;
}

describe("advise()", () => {
  test("says what the pages that may go save, and what comes back", () => {
    expect(adviceFor([outlookOf(16, 600, 25)])).toEqual({
      name: "t",
      state: "advised",
      memory_bytes: 1000 * PAGE_SIZE,
      stall_limit_percent: 0.1,
      // twice what was measured
      swap_in_us: 20,
      // nine tenths of the 40 % that stay
      dram_percent: 36,
      saved_bytes: 600 * PAGE_SIZE,
      returned_bytes_per_minute: 25 * 60 * PAGE_SIZE,
      harm_percent: 0.05,
    });
  });

  test("leaves dram_percent out where the tracker cannot keep it", () => {
    const advice = adviceFor([outlookOf(16, 600, 50)], { tellsPagesApart: false });
    expect(advice.dram_percent).toBeUndefined();
  });

  test("advises intervals in which the age that decides is told apart, and none shorter", () => {
    const intervalOf = (age: number, interval: number): number | undefined =>
      advise([task([outlookOf(age, 600, 1)])], interval).schedule?.intervalSeconds;
    expect(intervalOf(4, 1)).toBe(1);
    expect(intervalOf(16, 1)).toBe(2);
    expect(intervalOf(91, 1)).toBe(10);
    expect(intervalOf(4, 60)).toBe(60);
    expect(intervalOf(16, 60)).toBe(120);
  });

  test("does not wait for pages to grow older than they have to be", () => {
    const rows = [
      { age: 91, pages: 600, moved: 0, usesPerSecond: 0 },
      { age: 0, pages: 400, moved: 0, usesPerSecond: 1e6 },
    ];
    const { tasks, schedule } = advise([task([toOutlook(rows, 10e-6, 100)])], 1);
    expect(tasks[0]).toMatchObject({ state: "advised", saved_bytes: 600 * PAGE_SIZE });
    expect(schedule).toEqual({ loop: 3, intervalSeconds: 1 });
  });

  test("says when nothing is worth moving", () => {
    for (const outlook of [outlookOf(16, 600, 51), outlookOf(16, 9, 1)]) {
      const { tasks, schedule } = advise([task([outlook])], 1);
      expect(schedule).toBeUndefined();
      expect(tasks[0]).toMatchObject({
        state: "nothing_to_move",
        reason: "less than 1 % of the memory may go without harm",
      });
    }
  });

  test.each([
    ["no round has ended", [], 10],
    ["fewer than ten scans were made", [outlookOf(3, 600, 1, 6)], 4],
    ["pages could not grow twice as old", [outlookOf(32, 600, 1, 40)], 24],
    ["no page is old enough so far", [outlookOf(32, 600, 1e6, 100)], 500],
  ])("says how long to wait when %s", (_what, outlooks, seconds) => {
    expect(adviceFor(outlooks)).toMatchObject({
      state: "too_little_seen",
      wait_us: seconds * 1e6,
      reason: expect.stringContaining("too little was seen: ask again in "),
    });
  });

  test("does not wait for a small part of the memory", () => {
    const old = outlookOf(16, 600, 50);
    const young = toOutlook([{ age: 0, pages: 100, moved: 0, usesPerSecond: 1 }], 10e-6, 3);
    expect(adviceFor([old, young])).toMatchObject({
      state: "advised",
      saved_bytes: 600 * PAGE_SIZE,
    });
    expect(adviceFor([young, old, ...Array(20).fill(young) as OutlookData[]]).state)
      .toBe("too_little_seen");
  });
});

describe("stallLimitBelow()", () => {
  test.each([[0.5, 0.4], [0.1, 0.08], [0.3, 0.24], [100, 80], [0.07, 0.05], [0.01, 0.01]])(
    "leaves room below %p: %p",
    (asked, limit) => expect(stallLimitBelow(asked)).toBe(limit),
  );
});

describe("adviceFile()", () => {
  test("is a file that compiles, with all other keys as they were", () => {
    const project = {
      name: "p",
      loop: 10,
      intervalSeconds: 1,
      sleepSeconds: 30,
      sysmemThresholdPercent: 50,
      swapcacheWmark: { lowPercent: 6, highPercent: 10 },
      tracker: "page_idle",
      mover: "process_madvise",
      dryRun: true,
    } as const;
    const comm = " odd #name\t";
    const more = {
      maxThreads: 2,
      swapThresholdBytes: 3 * 2 ** 30,
      moveRateBytes: 7 * 2 ** 20,
      dramPercent: 5,
    };
    const slide = slideTask("p", "t", { type: "name", comm: "c" }, {
      ...more,
      target: { type: "name", comm },
    });
    const { tasks, schedule } = advise([task([outlookOf(91, 600, 50)])], 1);
    const lines = adviceFile(project, schedule!, [[slide, tasks[0]!]]);
    const compiled = compileConfig(new TextEncoder().encode(lines.join("\n")), {
      path: "/advised.conf",
      cores: 4,
      names: PINNABLE_NAMES,
      project: () => undefined,
    });
    const { dryRun: _dryRun, ...others } = project;
    expect(compiled.projects).toEqual([{
      ...others,
      loop: 3,
      intervalSeconds: 10,
      sleepSeconds: 10,
    }]);
    expect(compiled.tasks).toEqual([{ ...slide, dramPercent: 36, stallLimitPercent: 0.1 }]);
    expect(compiled.engines).toEqual([{ kind: "slide", project: "p", name: "slide" }]);
  });
});

const PAGES = 2 ** 13;

/** Uses what is advised. @returns what is saved and waited, as means of the last half. */
function follow(
  simulation: Omit<Simulation, "draw" | "limitPercent">,
  draw: () => number,
  advice: TaskAdvice,
): { readonly savedBytes: number; readonly harmPercent: number } {
  const limitPercent = advice.stall_limit_percent;
  const process = new SimulatedProcess({ ...simulation, draw, limitPercent });
  process.runUntil(300);
  const rounds = process.runUntil(600);
  const mean = (figure: "present" | "harmPercent"): number =>
    rounds.reduce((sum, round) => sum + round[figure], 0) / rounds.length;
  return { savedBytes: (PAGES - mean("present")) * PAGE_SIZE, harmPercent: mean("harmPercent") };
}

describe("what is advised", () => {
  const common = {
    pages: PAGES,
    requestsPerSecond: 500,
    swapInSeconds: 20e-6,
    loop: 3,
    sleepSeconds: 1,
  };

  test.each([
    [0.1, 1],
    [0.3, 1],
    [0.3, 1.8],
    [0.5, 1.8],
  ])("saves what was predicted, at harm below %p %%, also where a swap-in takes %p times as long", (
    limitPercent,
    slower,
  ) => {
    const draw = (): () => number => zipfKeys(PAGES, new Random(3), 0.99).next;
    const watched = new SimulatedProcess({
      ...common,
      draw: draw(),
      limitPercent,
      ageScans: Number.POSITIVE_INFINITY,
    });
    watched.runUntil(400);
    const known = task([watched.outlook()], { stallLimitPercent: stallLimitBelow(limitPercent) });
    const advice = advise([known], 1).tasks[0]!;
    expect(advice.state).toBe("advised");
    expect(advice.harm_percent).toBeLessThanOrEqual(limitPercent);
    const swapInSeconds = slower * common.swapInSeconds;
    const { savedBytes, harmPercent } = follow({ ...common, swapInSeconds }, draw(), advice);
    expect(harmPercent).toBeLessThan(limitPercent);
    expect(savedBytes).toBeGreaterThan(0.8 * advice.saved_bytes);
    expect(advice.saved_bytes).toBeGreaterThan(0.2 * PAGES * PAGE_SIZE);
  });
});
