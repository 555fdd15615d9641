import { describe, expect, test } from "bun:test";
import {
  GroupControl,
  type GroupDecision,
  type GroupSample,
} from "../../../../src/engine/psi/group_control.ts";
import { because } from "../../../../src/reason/reasons.ts";

const MIB = 2 ** 20;
const SETTINGS = {
  pressurePercent: 0.1,
  rate: 0.05,
  rateMin: 0.01,
  rateMax: 0.5,
  limitMinBytes: 0,
  limitMinRatio: 0.1,
  reclaimMaxBytes: 1024 * MIB,
};
const READ_TIMES = { swap: 10e-6, file: 100e-6 };
const NO_PRESSURE = { avg10: 0, avg60: 0 };

const SAMPLE: GroupSample = {
  usageBytes: 1000 * MIB,
  fileBytes: 300 * MIB,
  anonBytes: 700 * MIB,
  swapRoomBytes: Infinity,
  maxBytes: Infinity,
  protectedBytes: 0,
  protectedBelowBytes: 0,
  memoryPressure: NO_PRESSURE,
  ioPressure: NO_PRESSURE,
  counters: { anonRefaults: 0, fileRefaults: 0, majorFaults: 0 },
  takenMs: 1000,
};

/** Rounds of one group, 10 s apart. */
class Rounds {
  readonly control: GroupControl;
  #takenMs = 1000;

  constructor(settings: Partial<typeof SETTINGS> = {}) {
    this.control = new GroupControl({ ...SETTINGS, ...settings });
  }

  next(more: Partial<GroupSample> = {}): GroupDecision {
    this.#takenMs += 10_000;
    return this.control.decide({ ...SAMPLE, takenMs: this.#takenMs, ...more }, READ_TIMES);
  }
}

const first = (
  more: Partial<GroupSample> = {},
  settings: Partial<typeof SETTINGS> = {},
): GroupDecision => new Rounds(settings).next(more);

const isBad = { memoryPressure: { avg10: 1, avg60: 0 } };

describe("GroupControl: how much is asked for", () => {
  test("a share of what is above the limit", () => {
    const { limitBytes, askBytes, held } = first();
    expect([limitBytes, askBytes, held]).toEqual([
      100 * MIB,
      Math.floor(0.05 * 900 * MIB),
      undefined,
    ]);
  });

  test("at most reclaim_max_bytes", () => {
    expect(first({}, { reclaimMaxBytes: 7 * MIB }).askBytes).toBe(7 * MIB);
  });

  test("nothing of what cannot be reclaimed, and limit_min_bytes less", () => {
    const sample = { fileBytes: 100 * MIB, anonBytes: 400 * MIB };
    expect(first(sample).limitBytes).toBe(500 * MIB);
    expect(first(sample, { limitMinBytes: 50 * MIB }).limitBytes).toBe(550 * MIB);
  });

  test("memory that swap has no room for cannot be reclaimed, page cache can", () => {
    expect(first({ swapRoomBytes: 0 }).limitBytes).toBe(700 * MIB);
    expect(first({ swapRoomBytes: 100 * MIB }).limitBytes).toBe(600 * MIB);
  });

  test("limit_min_ratio is of the group's own limit, or else of its first use", () => {
    expect(first({ maxBytes: 4000 * MIB }).limitBytes).toBe(400 * MIB);
    const rounds = new Rounds({ limitMinRatio: 0.5 });
    expect(rounds.next().limitBytes).toBe(500 * MIB);
    expect(rounds.next({ usageBytes: 600 * MIB, anonBytes: 300 * MIB }).limitBytes)
      .toBe(500 * MIB);
  });

  test("what memory.low or memory.min protects stays, here and above", () => {
    expect(first({ protectedBytes: 990 * MIB }).limitBytes).toBe(990 * MIB);
    const unprotected = { bytes: 3 * MIB, limit: "memory.low" };
    expect(first({ unprotected }).askBytes).toBe(3 * MIB);
    expect(first({ unprotected: { bytes: 0, limit: "memory.min" } }))
      .toMatchObject({ askBytes: 0, held: because("group_protected", "memory.min") });
  });

  test("what groups below protect stays, beside what cannot be reclaimed", () => {
    expect(first({ protectedBelowBytes: 600 * MIB, fileBytes: 200 * MIB }).limitBytes)
      .toBe(700 * MIB);
  });

  test("nothing at the limit", () => {
    expect(first({ protectedBytes: 1000 * MIB }))
      .toMatchObject({ askBytes: 0, held: because("at_group_limit") });
    expect(first({ protectedBytes: 2000 * MIB }).askBytes).toBe(0);
  });
});

describe("GroupControl: nothing is asked for", () => {
  test.each(
    [
      ["memoryPressure", { avg10: 0.1, avg60: 0 }, because("group_waits", "memory")],
      ["memoryPressure", { avg10: 0, avg60: 0.1 }, because("group_waits", "memory")],
      ["ioPressure", { avg10: 0.5, avg60: 0 }, because("group_waits", "io")],
      ["ioPressure", { avg10: 0, avg60: 0.5 }, because("group_waits", "io")],
    ] as const,
  )("while %s is %j", (name, pressure, reason) => {
    expect(first({ [name]: pressure })).toMatchObject({ askBytes: 0, held: reason });
    expect(first({ [name]: { avg10: 0.09, avg60: 0.09 } }).held).toBeUndefined();
  });

  // 0.1 % of 10 s are 1000 reads of 10 us, or 100 of 100 us.
  test.each([
    [{ anonRefaults: 1000 }, 0.1],
    [{ fileRefaults: 100 }, 0.1],
    [{ majorFaults: 1000 }, 0.1],
    [{ anonRefaults: 2000, fileRefaults: 100, majorFaults: 2000 }, 0.3],
    [{ anonRefaults: 999 }, undefined],
    [{ majorFaults: 999, anonRefaults: 999 }, undefined],
  ])("after %j since the round before", (more, percent) => {
    const rounds = new Rounds();
    const counters = { anonRefaults: 5, fileRefaults: 6, majorFaults: 7 };
    expect(rounds.next({ counters }).refaultPercent).toBe(0);
    const later = Object.fromEntries(
      Object.entries(counters).map(([name, value]) => [
        name,
        value + ((more as Record<string, number>)[name] ?? 0),
      ]),
    ) as unknown as GroupSample["counters"];
    const { refaultPercent, held, askBytes } = rounds.next({ counters: later });
    if (percent !== undefined) expect(refaultPercent).toBeCloseTo(percent, 6);
    expect(held).toBe(percent === undefined ? undefined : because("group_misses_memory"));
    expect(askBytes > 0).toBe(percent === undefined);
  });

  test("and counters that begin anew are no reason", () => {
    const rounds = new Rounds();
    rounds.next({ counters: { anonRefaults: 1e6, fileRefaults: 1e6, majorFaults: 1e6 } });
    expect(rounds.next({ counters: { anonRefaults: 3, fileRefaults: 0, majorFaults: 3 } }))
      .toMatchObject({ refaults: 3, majorFaults: 3 });
  });
});

test("GroupControl knows in the middle of a round what a group misses since it began", () => {
  const rounds = new Rounds();
  const counters = { anonRefaults: 10, fileRefaults: 0, majorFaults: 10 };
  rounds.next({ counters });
  const misses = (anonRefaults: number): boolean =>
    rounds.control.misses({ ...counters, anonRefaults }, READ_TIMES, 10_000);
  expect([misses(10), misses(1009), misses(1010)]).toEqual([false, false, true]);
  expect(new GroupControl(SETTINGS).misses(counters, READ_TIMES, 10_000)).toBe(false);
});

describe("GroupControl: the rate", () => {
  const rates = (rounds: Rounds, samples: readonly Partial<GroupSample>[]): number[] =>
    samples.map((sample) => Math.round(rounds.next(sample).rate * 1000) / 1000);
  const good = {};

  test("rises with every fifth good round in a row, up to its maximum", () => {
    const rounds = new Rounds({ rateMax: 0.065 });
    const rising = rates(rounds, Array.from({ length: 16 }, () => good));
    expect(rising.slice(0, 4)).toEqual([0.05, 0.05, 0.05, 0.05]);
    expect(rising.slice(4, 9)).toEqual([0.06, 0.06, 0.06, 0.06, 0.06]);
    expect(new Set(rising.slice(9))).toEqual(new Set([0.065]));
  });

  test("falls with every second bad round in a row, down to its minimum", () => {
    const rounds = new Rounds({ rateMin: 0.025 });
    expect(rates(rounds, Array.from({ length: 8 }, () => isBad)))
      .toEqual([0.05, 0.04, 0.04, 0.03, 0.03, 0.025, 0.025, 0.025]);
  });

  test("stays while good and bad rounds alternate", () => {
    const rounds = new Rounds();
    const four = [good, good, good, good, isBad];
    expect(rates(rounds, [...four, ...four, ...four])).toEqual(Array(15).fill(0.05));
  });
});

describe("GroupControl: what a group missed stays", () => {
  test("until good rounds follow, more of it with each step", () => {
    const rounds = new Rounds({ limitMinRatio: 0 });
    expect(rounds.next().limitBytes).toBe(0);
    expect(rounds.next(isBad).limitBytes).toBe(1000 * MIB);
    const limits = Array.from({ length: 20 }, () => rounds.next().limitBytes / MIB);
    expect(limits.slice(0, 4)).toEqual([1000, 1000, 1000, 1000]);
    expect(limits[4]).toBeCloseTo(990, 3);
    expect(limits[9]).toBeCloseTo(990 * 0.98, 3);
    expect(limits[14]).toBeCloseTo(990 * 0.98 * 0.96, 3);
    expect(rounds.next(isBad).limitBytes).toBe(1000 * MIB);
  });

  test("but not what it has given up since", () => {
    const rounds = new Rounds({ limitMinRatio: 0 });
    rounds.next(isBad);
    const less = { usageBytes: 200 * MIB, anonBytes: 200 * MIB, fileBytes: 0 };
    expect(rounds.next(less).limitBytes).toBe(200 * MIB);
    expect(rounds.next().limitBytes).toBe(200 * MIB);
  });
});

test("GroupControl comes within a tenth of the end in ten rounds with reclaim_rate=0.3", () => {
  const rounds = new Rounds({ rate: 0.3 });
  const uses = [1000 * MIB];
  for (let round = 0; round < 60; round++) {
    const usageBytes = uses.at(-1)!;
    const anonBytes = usageBytes - 400 * MIB;
    uses.push(usageBytes - rounds.next({ usageBytes, anonBytes, fileBytes: 0 }).askBytes);
  }
  const last = uses.at(-1)!;
  expect(last).toBeLessThan(401 * MIB);
  expect(uses[10]!).toBeLessThan(1.1 * last);
  expect(uses[5]!).toBeGreaterThan(1.1 * last);
});
