import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { oracleResidentShare } from "../../../bench/workload/oracle.ts";
import { compileProgram } from "../../../bench/workload/programs.ts";
import { shapeArguments, type Workload } from "../../../bench/workload/workload_table.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

let folder: ScratchFolder;
let program = "";

beforeAll(() => {
  folder = new ScratchFolder();
  program = compileProgram("model", folder.path);
});
afterAll(() => folder[Symbol.dispose]());

function model(...args: readonly (string | number)[]): string[] {
  const { success, stdout, stderr } = Bun.spawnSync([program, ...args.map(String)]);
  if (!success) throw new Error(stderr.toString());
  return stdout.toString().trimEnd().split("\n");
}

const SMALL: Workload = {
  name: "small",
  about: "of these tests",
  processes: 1,
  pages: 1000,
  rate: 1000,
  draw: "zipf:0.99",
};

/** The pages that a workload touches. */
function pagesOf(workload: Workload, seconds: number, seed = 1): number[] {
  return model("pages", ...shapeArguments(workload, { seconds, seed })).map(Number);
}

function countsOf(pages: readonly number[], limit: number): number[] {
  const counts = Array.from({ length: limit }, () => 0);
  for (const page of pages) counts[page]! += 1;
  return counts;
}

describe("a draw by Zipf's law", () => {
  // Of few pages each has so many draws that a bias of a few percent shows.
  for (const pages of [10, 1000]) {
    for (const theta of [0.5, 0.99, 1, 1.2]) {
      test(`of ${pages} pages has the probabilities of theta=${theta}`, () => {
        const workload: Workload = { ...SMALL, pages, draw: `zipf:${theta}`, ranked: true };
        const seconds = 300;
        const counts = countsOf(pagesOf(workload, seconds), pages);
        const weights = counts.map((_, i) => (i + 1) ** -theta);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const expected = weights.map((weight) => weight / sum * seconds * SMALL.rate);
        expect(Math.min(...expected)).toBeGreaterThan(5);
        const chiSquare = counts.reduce((total, count, i) => {
          return total + (count - expected[i]!) ** 2 / expected[i]!;
        }, 0);
        // Four standard deviations around the mean of its distribution.
        const freedom = pages - 1;
        expect(Math.abs(chiSquare - freedom)).toBeLessThan(4 * Math.sqrt(2 * freedom));
      });
    }
  }

  test("scatters ranks so that each page has one of them", () => {
    for (const pages of [1, 2, 777, 1000, 1024]) {
      const workload = { ...SMALL, pages };
      const ranked = countsOf(pagesOf({ ...workload, ranked: true }, 10), pages);
      const scattered = countsOf(pagesOf(workload, 10), pages);
      expect(scattered.toSorted((a, b) => a - b)).toEqual(ranked.toSorted((a, b) => a - b));
      if (pages > 100) expect(scattered).not.toEqual(ranked);
    }
  });

  test("is the same for a seed, and another one for another", () => {
    expect(pagesOf(SMALL, 1, 7)).toEqual(pagesOf(SMALL, 1, 7));
    expect(pagesOf(SMALL, 1, 7)).not.toEqual(pagesOf(SMALL, 1, 8));
  });
});

describe("other draws", () => {
  test("a hot set shifts by half of itself", () => {
    const pages = pagesOf({ ...SMALL, draw: "hot:40:2" }, 6);
    const [first, second, third] = [0, 2000, 4000].map((at) => new Set(pages.slice(at, at + 2000)));
    for (const set of [first!, second!, third!]) expect(set.size).toBe(40);
    expect(first!.intersection(second!).size).toBe(20);
    expect(second!.intersection(third!).size).toBe(20);
    expect(first!.intersection(third!).size).toBe(0);
  });

  test("static layouts touch their hot pages in turn", () => {
    const workload = { ...SMALL, pages: 50, rate: 10, touches: 2 };
    expect(pagesOf({ ...workload, draw: "first:5" }, 1)).toEqual(
      [...Array(20).keys()].map((i) => i % 10),
    );
    const every = pagesOf({ ...workload, draw: "every:16" }, 1);
    expect(every.slice(0, 5)).toEqual([0, 16, 32, 48, 0]);
    expect(every).toHaveLength(20);
  });
});

/** Faults of an LRU by an obvious list, the page used last at its end. */
function naiveMisses(touched: readonly number[], pages: number, resident: number, from: number) {
  let list = [...Array(pages).keys()].slice(pages - resident);
  let misses = 0;
  for (const [i, page] of touched.entries()) {
    if (!list.includes(page) && i >= from) misses += 1;
    list = [...list.filter((other) => other !== page), page].slice(-resident);
  }
  return misses;
}

describe("the ideal LRU", () => {
  test("has as many faults as a naive one", () => {
    const workload = { ...SMALL, pages: 60, rate: 100 };
    const touched = pagesOf(workload, 30);
    for (const resident of [1, 2, 10, 59, 60]) {
      const course = { seconds: 30, seed: 1 };
      const options = ["--processes", 1, "--last", 10, "--resident", resident];
      const [misses] = model("misses", ...shapeArguments(workload, course), ...options);
      expect(Number(misses)).toBe(naiveMisses(touched, 60, resident, 2000));
    }
  });

  test("is one for all processes, whose requests it takes in turn", () => {
    const workload = { ...SMALL, pages: 20, rate: 100, touches: 2 };
    const each = [4, 5, 6].map((seed) => pagesOf(workload, 10, seed));
    const touched = [...Array(1000).keys()].flatMap((i) =>
      each.flatMap((own, p) => own.slice(2 * i, 2 * i + 2).map((page) => 20 * p + page))
    );
    const options = ["--processes", 3, "--last", 5, "--resident", 25];
    const [misses] = model(
      "misses",
      ...shapeArguments(workload, { seconds: 10, seed: 4 }),
      ...options,
    );
    expect(Number(misses)).toBe(naiveMisses(touched, 60, 25, 3000));
  });
});

test("the middle of a bucket of latencies is off by less than 1 %", () => {
  const values = [...Array(42).keys()].flatMap((
    bits,
  ) => [2 ** bits, 2 ** bits + 1, 2 ** bits * 1.7])
    .map(Math.floor).filter((value) => value < 2 ** 42);
  const buckets = model("buckets", 0, ...values).map((line) => line.split(" ").map(Number));
  expect(buckets[0]).toEqual([0, 0]);
  for (const [i, [lowest = 0, highest = 0] = []] of buckets.slice(1).entries()) {
    const value = values[i]!;
    expect(lowest).toBeLessThanOrEqual(value);
    expect(highest).toBeGreaterThanOrEqual(value);
    expect(Math.abs((lowest + highest) / 2 - value) / value).toBeLessThan(0.01);
  }
});

test("oracleResidentShare() is the least that has no more faults", () => {
  const requests = { pages: 65_536, theta: 0.99, rate: 2000 };
  expect(oracleResidentShare(100, requests)).toBeCloseTo(0.58, 2);
  expect(oracleResidentShare(50, requests)).toBeCloseTo(0.76, 2);
  expect(oracleResidentShare(0, requests)).toBe(1);
  expect(oracleResidentShare(2000, requests)).toBe(0);
  // One page of two, drawn twice as often as the other, leaves a third of the requests.
  expect(oracleResidentShare(34, { pages: 2, theta: 1, rate: 100 })).toBe(0.5);
  expect(oracleResidentShare(33, { pages: 2, theta: 1, rate: 100 })).toBe(1);
});
