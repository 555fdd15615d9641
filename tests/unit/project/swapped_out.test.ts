import { expect, test } from "bun:test";
import { nextTurn } from "../../../src/async/turns.ts";
import type { LiveEngine, TaskRef } from "../../../src/project/live_project.ts";
import { countOut } from "../../../src/project/swapped_out.ts";

const TASKS = 100;

test("countOut() gives all tasks one time, and counts few of them at once", async () => {
  const ends = new Set<number>();
  let [atOnce, most] = [0, 0];
  const engine = {
    countOut: async (_name: string, untilMs: number) => {
      ends.add(untilMs);
      most = Math.max(most, ++atOnce);
      await nextTurn();
      atOnce--;
      return { bytes: 3, isWhole: ends.size === 1 };
    },
  };
  const refs = Array.from({ length: TASKS }, (_, i) => ({
    engine: { engine } as unknown as LiveEngine,
    task: { name: `t${i}` } as TaskRef["task"],
  }));
  const begin = performance.now();
  expect(await countOut(refs)).toEqual({ bytes: 3 * TASKS, isWhole: true });
  expect(most).toBeLessThan(10);
  const [until = 0] = ends;
  expect(until - begin).toBeGreaterThanOrEqual(1000);
  expect(until).toBeLessThan(performance.now() + 1000);
});
