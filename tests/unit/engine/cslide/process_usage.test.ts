import { expect, test } from "bun:test";
import { ProcessUsage } from "../../../../src/engine/cslide/process_usage.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const PAIR = { slow: 2, dram: 0, cpus: [], reason: "" };
const NOTHING = {
  asked: 0,
  upHot: 0,
  upCold: 0,
  downHot: 0,
  downCold: 0,
  refused: new Map<Reason, number>(),
  stuck: [],
  errors: [],
};

test("ProcessUsage.move() takes what went up from the slow node and adds it to DRAM", () => {
  const usage = new ProcessUsage([{ node: 2, hotBytes: 30, coldBytes: 5, hotHugeBytes: 0 }]);
  usage.move(PAIR, NOTHING);
  expect(usage.nodes).toEqual([{ node: 2, usedBytes: 35, hotBytes: 30, coldBytes: 5 }]);
  usage.move(PAIR, { ...NOTHING, upHot: 20, downCold: 1, upCold: 3 });
  expect(usage.nodes).toEqual([
    { node: 0, usedBytes: 22, hotBytes: 20, coldBytes: 2 },
    { node: 2, usedBytes: 13, hotBytes: 10, coldBytes: 3 },
  ]);
});
