import { expect, test } from "bun:test";
import { summarize } from "../../../demo/latencies.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => count - i);

test("summarize() takes the time that 999 of 1000 requests do not exceed", () => {
  expect(summarize(upTo(1000))).toEqual({ requests: 1000, p999Ms: 999, slowestMs: 1000 });
  expect(summarize(upTo(3000))).toEqual({ requests: 3000, p999Ms: 2997, slowestMs: 3000 });
});

test("summarize() takes the slowest when there are fewer than 1000 requests", () => {
  expect(summarize([2, 10, 9])).toEqual({ requests: 3, p999Ms: 10, slowestMs: 10 });
  expect(summarize([])).toEqual({ requests: 0, p999Ms: 0, slowestMs: 0 });
});
