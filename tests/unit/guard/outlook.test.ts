import { describe, expect, test } from "bun:test";
import { zipfKeys } from "../../../demo/key_choice.ts";
import {
  expectedOf,
  leastAgeToGo,
  type OutlookData,
  predict,
  toOutlook,
  youngestToGo,
} from "../../../src/guard/outlook.ts";
import { StallGuard } from "../../../src/guard/stall_guard.ts";
import { Random } from "../../tools/fixtures/random.ts";
import { SimulatedProcess, type Simulation } from "./simulated_process.ts";

const PAGES = 2 ** 13;
const NEVER = Number.POSITIVE_INFINITY;
const common = {
  pages: PAGES,
  requestsPerSecond: 500,
  swapInSeconds: 10e-6,
  limitPercent: 0.1,
  loop: 3,
  sleepSeconds: 1,
};

const ROWS = [
  { age: 8, pages: 100, moved: 40, usesPerSecond: 1 },
  { age: 2, pages: 50, moved: 0, usesPerSecond: 5 },
  { age: 0, pages: 10, moved: 0, usesPerSecond: 100 },
];
const outlook = toOutlook(ROWS, 1e-3, 60);

describe("an outlook", () => {
  test("is plain data of what is expected, oldest first", () => {
    expect([...expectedOf(outlook)]).toEqual(ROWS);
    expect([...expectedOf(toOutlook([], 1e-3, 0))]).toEqual([]);
  });

  test("adds up the pages of an age and older", () => {
    const of = (age: number) => predict(outlook, age);
    expect(of(0)).toEqual({ pages: 160, moved: 40, returnsPerSecond: 100, harmPercent: 10 });
    expect(of(1)).toEqual({ pages: 150, moved: 40, returnsPerSecond: 5, harmPercent: 0.5 });
    expect(of(8)).toEqual({ pages: 100, moved: 40, returnsPerSecond: 1, harmPercent: 0.1 });
    expect(of(9)).toEqual({ pages: 0, moved: 0, returnsPerSecond: 0, harmPercent: 0 });
  });

  test("tells the youngest pages that may go", () => {
    expect(youngestToGo(ROWS, 1e-3, 0.09)).toBeUndefined();
    expect(youngestToGo(ROWS, 1e-3, 0.1)?.age).toBe(8);
    expect(youngestToGo(ROWS, 1e-3, 1)?.age).toBe(2);
    expect(youngestToGo(ROWS, 1e-3, 100)?.age).toBe(0);
  });

  test("tells the least age at which pages may go", () => {
    expect(leastAgeToGo(ROWS, 1e-3, 0.09)).toBe(NEVER);
    expect(leastAgeToGo([], 1e-3, 100)).toBe(NEVER);
    expect(leastAgeToGo(ROWS, 1e-3, 0.1)).toBe(3);
    expect(leastAgeToGo(ROWS, 1e-3, 1)).toBe(1);
    expect(leastAgeToGo(ROWS, 1e-3, 100)).toBe(0);
    // 18 is in the class of 16
    const old = [
      { age: 32, pages: 1, moved: 0, usesPerSecond: 0 },
      { age: 16, pages: 1, moved: 0, usesPerSecond: 9 },
    ];
    expect(leastAgeToGo(old, 1e-3, 0.1)).toBe(20);
  });

  test("is what the guard decides by", () => {
    const guard = new StallGuard();
    const population = [{ age: 1, pages: 50 }, { age: 6, pages: 500, moved: 20 }];
    guard.add(
      [
        { age: 1, pages: 50, used: 40, returned: 0, readBack: 0 },
        { age: 6, pages: 500, used: 1, returned: 0, readBack: 0 },
      ],
      1,
    );
    const expected = guard.expect(population);
    expect(expected.map(({ age, pages, moved }) => ({ age, pages, moved }))).toEqual([
      { age: 6, pages: 500, moved: 20 },
      { age: 1, pages: 50, moved: 0 },
    ]);
    const youngest = youngestToGo(expected, 1e-3, 0.5);
    expect(youngest?.age).toBe(6);
    expect(guard.judge(population, 1e-3, 0.5).ageScans).toBe(6);
  });
});

/** What is predicted of a process of which nothing moves. */
function look(plan: Partial<Simulation> & Pick<Simulation, "draw">, seconds: number): OutlookData {
  const process = new SimulatedProcess({ ...common, ...plan, ageScans: NEVER });
  process.runUntil(seconds);
  return process.outlook();
}

/** What comes of moving pages from an age on: means of rounds behind the first ones. */
function move(
  plan: Partial<Simulation> & Pick<Simulation, "draw">,
  ageScans: number,
  seconds: number,
): { readonly out: number; readonly returnsPerSecond: number } {
  const process = new SimulatedProcess({ ...common, ...plan, ageScans });
  process.runUntil(seconds / 2);
  const rounds = process.runUntil(seconds);
  const mean = (figure: "present" | "faultsPerSecond"): number =>
    rounds.reduce((sum, round) => sum + round[figure], 0) / rounds.length;
  return { out: PAGES - mean("present"), returnsPerSecond: mean("faultsPerSecond") };
}

describe("a prediction", () => {
  test.each([4, 8, 16])("by Zipf's law from age %p on is what comes of moving", (age) => {
    const predicted = predict(look({ draw: zipfKeys(PAGES, new Random(1), 0.99).next }, 120), age);
    const real = move({ draw: zipfKeys(PAGES, new Random(1), 0.99).next }, age, 240);
    expect(predicted.pages / real.out).toBeWithin(0.9, 1.1);
    expect(predicted.returnsPerSecond / real.returnsPerSecond).toBeWithin(1 / 1.5, 1.5);
  });

  test.each([4, 8, 16])("of a static hot set from age %p on is what comes of moving", (age) => {
    // each of the first eighth of the pages once a second
    const hot = PAGES / 8;
    const draw = (): () => number => {
      let next = 0;
      return () => next++ % hot;
    };
    const predicted = predict(look({ draw: draw(), requestsPerSecond: hot }, 60), age);
    const real = move({ draw: draw(), requestsPerSecond: hot }, age, 120);
    expect(predicted.pages / real.out).toBeWithin(0.9, 1.1);
    expect(predicted.returnsPerSecond).toBeLessThan(1);
    expect(real.returnsPerSecond).toBe(0);
  });
});
