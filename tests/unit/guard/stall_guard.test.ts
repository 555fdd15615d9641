import { describe, expect, test } from "bun:test";
import { oracleResidentShare } from "../../../bench/workload/oracle.ts";
import { zipfKeys } from "../../../demo/key_choice.ts";
import { AgeHistory } from "../../../src/guard/age_history.ts";
import { StallGuard } from "../../../src/guard/stall_guard.ts";
import { Random } from "../../tools/fixtures/random.ts";
import { SimulatedProcess, type SimulatedRound, type Simulation } from "./simulated_process.ts";

const PAGES = 2 ** 14;
const REQUESTS = 500;
const THETA = 0.99;
const ZIPF = { pages: PAGES, theta: THETA, rate: REQUESTS };
const common = {
  pages: PAGES,
  requestsPerSecond: REQUESTS,
  swapInSeconds: 28e-6,
  limitPercent: 0.1,
  loop: 3,
  sleepSeconds: 1,
};

function mean(rounds: readonly SimulatedRound[], figure: keyof SimulatedRound): number {
  return rounds.reduce((sum, round) => sum + Number(round[figure]), 0) / rounds.length;
}

function simulate(plan: Partial<Simulation> & Pick<Simulation, "draw">): SimulatedProcess {
  return new SimulatedProcess({ ...common, ...plan });
}

describe("StallGuard", () => {
  test.each([[1, 3], [10, 3], [1, 1]])(
    "Zipf: keeps the harm at its limit and saves as much as ages can tell (sleep %p, loop %p)",
    (sleepSeconds, loop) => {
      const { next } = zipfKeys(PAGES, new Random(1), THETA);
      const process = simulate({ draw: next, sleepSeconds, loop });
      process.runUntil(800);
      const rounds = process.runUntil(900);
      expect(mean(rounds, "harmPercent")).toBeLessThan(0.11);
      const saved = 1 - mean(rounds, "present") / PAGES;
      const oracle = 1 - oracleResidentShare(mean(rounds, "faultsPerSecond"), ZIPF);
      expect(saved).toBeGreaterThan(0.75 * oracle);
      expect(oracle).toBeGreaterThan(0.4);
    },
  );

  test("mostly idle: T decides alone where what comes back costs next to nothing", () => {
    const { next } = zipfKeys(PAGES, new Random(2), 1.2);
    const process = simulate({ draw: next, requestsPerSecond: 50 });
    const rounds = process.runUntil(120);
    expect(rounds.at(-1)!.present).toBeLessThan(PAGES / 10);
    expect(mean(rounds.slice(10), "harmPercent")).toBeLessThan(0.1);
  });

  test.each(
    [
      ["the first eighth", (random: number) => Math.floor(random * PAGES / 8)],
      ["every second page", (random: number) => 2 * Math.floor(random * PAGES / 2)],
      ["every 16th page", (random: number) => 16 * Math.floor(random * PAGES / 16)],
    ] as const,
  )("%s hot: all that is cold goes in the first round", (_name, place) => {
    let next = 0;
    const hot = new Set(Array.from({ length: PAGES }, (_, i) => place(i / PAGES))).size;
    const process = simulate({
      // each hot page once a second
      draw: () => place((next++ % hot) / hot),
      requestsPerSecond: hot,
    });
    expect(process.runUntil(2)[0]!.present).toBe(hot);
  });

  test("half of the hot set shifts: harm is below the limit after two rounds", () => {
    const hot = 1024;
    const random = new Random(3);
    const process = simulate({
      draw: (seconds) => {
        const shift = Math.floor(seconds / 60) * (hot / 2);
        return (shift + random.below(hot)) % PAGES;
      },
    });
    const rounds = process.runUntil(600);
    for (let begin = 120; begin < 540; begin += 60) {
      // the round in which it shifts, and two more
      const after = rounds.filter(({ seconds }) => seconds > begin + 9 && seconds <= begin + 60);
      for (const round of after) expect(round.harmPercent).toBeLessThan(0.1);
      expect(after.at(-1)!.present).toBeLessThan(hot + 0.1 * (PAGES - hot));
    }
  });

  test("pauses while the measured harm is above the limit, and recovers", () => {
    const guard = new StallGuard();
    const round = (readBack: number): ReturnType<StallGuard["judge"]> => {
      guard.add([{ age: 5, pages: 10_000, used: readBack, returned: readBack, readBack }], 4);
      return guard.judge([{ age: 5, pages: 10_000 }], 1e-3, 1);
    };
    expect(round(0)).toMatchObject({ measuredPercent: 0, isPaused: false, ageScans: 5 });
    expect(round(400)).toMatchObject({ measuredPercent: 10, isPaused: true, ageScans: Infinity });
    expect(round(0)).toMatchObject({ measuredPercent: 0, isPaused: false });
    let rounds = 1;
    while (round(0).ageScans === Number.POSITIVE_INFINITY) rounds++;
    expect(rounds).toBeLessThan(150);
  });

  test("is the same in another thread", () => {
    const guard = new StallGuard();
    guard.add([{ age: 2, pages: 100, used: 10, returned: 5, readBack: 5 }], 1);
    const other = new StallGuard(structuredClone(guard.toData()));
    const judge = (of: StallGuard): unknown => of.judge([{ age: 2, pages: 100 }], 1e-3, 0.5);
    expect(judge(other)).toEqual(judge(guard));
    expect(other.toData()).toEqual(guard.toData());
  });
});

describe("AgeHistory", () => {
  test("expects of pages what was seen of pages of their age", () => {
    const history = new AgeHistory(200);
    history.add([
      { age: 0, pages: 1000, used: 900, returned: 0, readBack: 0 },
      { age: 1, pages: 1e6, used: 100_000, returned: 0, readBack: 0 },
    ], 10);
    const expected = history.expect([{ age: 0, pages: 1e5 }, { age: 1, pages: 2e6 }]);
    expect(expected.map(({ age }) => age)).toEqual([1, 0]);
    expect(expected[0]!.usesPerSecond).toBeCloseTo(2e6 * 0.01, 0);
    expect(expected[1]!.usesPerSecond / (2e6 * 0.01 + 1e5 * 0.09)).toBeCloseTo(1, 2);
  });

  test("expects no less uses than there were, however many pages grow old beside", () => {
    const history = new AgeHistory(200);
    history.add([{ age: 3, pages: 1e6, used: 400, returned: 0, readBack: 0 }], 1);
    const [expected] = history.expect([{ age: 3, pages: 1000 }]);
    expect(expected!.usesPerSecond).toBe(400);
  });

  test("expects of pages older than any seen what was seen of the oldest", () => {
    const history = new AgeHistory(200);
    history.add([{ age: 3, pages: 1e6, used: 1000, returned: 0, readBack: 0 }], 1);
    const [oldest] = history.expect([{ age: 500, pages: 2e6 }]);
    expect(oldest!.usesPerSecond).toBeCloseTo(2000, 1);
    expect(oldest!.age).toBeLessThanOrEqual(500);
  });

  test("forgets in ten minutes nearly all", () => {
    const history = new AgeHistory(200);
    history.add([{ age: 1, pages: 1e6, used: 1e5, returned: 0, readBack: 0 }], 1);
    const before = history.expect([{ age: 1, pages: 100 }])[0]!.usesPerSecond;
    for (let i = 0; i < 600; i++) {
      history.add([{ age: 1, pages: 1e6, used: 0, returned: 0, readBack: 0 }], 1);
    }
    const after = history.expect([{ age: 1, pages: 100 }])[0]!.usesPerSecond;
    expect(after).toBeLessThan(before / 1000);
  });

  test("knows nothing at first, and expects nothing", () => {
    expect(new AgeHistory(200).expect([])).toEqual([]);
  });
});

test("pressure of the control group tightens, and never loosens", () => {
  const judged = (rise: number, readBack: number) => {
    const guard = new StallGuard();
    guard.add([{ age: 2, pages: 100, used: 10, returned: readBack, readBack }], 4);
    return guard.judge([{ age: 2, pages: 100 }], 1e-3, 0.1, rise);
  };
  expect(judged(0.2, 2)).toMatchObject({ isPaused: true, measuredPercent: 0.2 });
  expect(judged(0.05, 2)).toMatchObject({ isPaused: false, measuredPercent: 0.05 });
  expect(judged(0, 5)).toMatchObject({ isPaused: true, measuredPercent: 0.125 });
});
