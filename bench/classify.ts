import { PageCounts } from "../src/tracker/page_counts.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuSeconds } from "./cpu_seconds.ts";
import type { Figure, Outcome } from "./figure.ts";

const PAGES = 16_000_000;
const RUNS = 11;
const WARM_UP_RUNS = 2;

/** One page in 16 is hot, by threes. */
function someCounts(): PageCounts {
  const counts = new PageCounts();
  counts.beginScan();
  for (let page = 0; page < PAGES; page += 48) {
    counts.add(page, 3, 1, false);
    counts.add(page + 3, Math.min(45, PAGES - page - 3), 0, false);
  }
  counts.endScan();
  return counts;
}

function measure(what: string, work: () => number, expected: number): Figure {
  const once = (): number => {
    const begin = cpuSeconds();
    const result = work();
    const seconds = cpuSeconds() - begin;
    if (result !== expected) throw new Error(`${what}: ${result} instead of ${expected}`);
    return PAGES / seconds / 1e6;
  };
  for (let i = 0; i < WARM_UP_RUNS; i++) once();
  return { what, unit: "Mpages/s", values: Array.from({ length: RUNS }, once) };
}

export const CLASSIFY: Benchmark = {
  name: "classify",
  about: "how many of 16 million counted pages have which count, and walking over the cold ones",
  run(): Outcome[] {
    const counts = someCounts();
    const cold = counts.histogram()[0] ?? 0;
    return [
      measure("sums by count", () => counts.histogram()[0] ?? 0, cold),
      measure("walk over the cold pages", () => {
        let visited = 0;
        counts.walk({ segment: 0, index: 0 }, 0, 1, (_page, pages) => {
          visited += pages;
          return true;
        });
        return visited;
      }, cold),
    ];
  },
};
