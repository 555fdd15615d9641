import { describe, expect, spyOn, test } from "bun:test";
import { commonPause } from "../../../src/async/common_pause.ts";
import { nextTurn } from "../../../src/async/turns.ts";

const never = new AbortController().signal;

describe("commonPause()", () => {
  test("ends pauses together that begin one after the other", async () => {
    const begins: number[] = [];
    const timers = spyOn(globalThis, "setTimeout");
    try {
      const pauses = Array.from({ length: 200 }, async (_, i) => {
        begins.push(performance.now());
        expect(await commonPause(640 - i / 10, never)).toBe(true);
        expect(performance.now() - begins[i]!).toBeGreaterThan(610);
      });
      await Promise.all(pauses);
      // The grid of 16 ms has no more points than this between the first and the last beginning.
      const points = Math.ceil((begins.at(-1)! + 20 - begins[0]!) / 16) + 2;
      expect(points).toBeLessThan(100);
      expect(timers.mock.calls.length).toBeLessThanOrEqual(points);
    } finally {
      timers.mockRestore();
    }
  });

  test("ends at once when the signal fires, alone, and when no time is left", async () => {
    const controller = new AbortController();
    const stopped = commonPause(3_600_000, controller.signal);
    const other = commonPause(320, never);
    controller.abort();
    expect(await stopped).toBe(false);
    expect(await other).toBe(true);
    expect(await commonPause(3_600_000, controller.signal)).toBe(false);
    expect(await commonPause(-5, never)).toBe(true);
    expect(await commonPause(0, never)).toBe(true);
  });

  test("lets other work have its turn between many that end together", async () => {
    let ended = 0;
    const pauses = Array.from({ length: 500 }, () => commonPause(64, never).then(() => ended++));
    const seen = new Set<number>();
    const isOver = Promise.all(pauses);
    const look = async (): Promise<void> => {
      await nextTurn();
      seen.add(ended);
      if (seen.has(500)) return;
      await look();
    };
    await Promise.all([isOver, look()]);
    expect(seen.size).toBeGreaterThan(10);
  });
});
