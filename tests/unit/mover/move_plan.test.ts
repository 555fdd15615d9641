import { describe, expect, test } from "bun:test";
import { MovePlan } from "../../../src/mover/move_plan.ts";

/** Pages that are due at each 5 ms of a second and a bit. */
function dueOf(plan: MovePlan): number[] {
  return Array.from({ length: 220 }, (_, i) => plan.due(1000 + 5 * i));
}

describe("MovePlan", () => {
  test("spreads pages evenly over its time, in portions", () => {
    const due = dueOf(MovePlan.make(1000, 1000, 8000, 1));
    expect(new Set(due).size).toBe(16);
    for (const [i, pages] of due.entries()) {
      if (i < 188) expect(Math.abs(pages - 8000 * (i * 5 / 1000))).toBeLessThanOrEqual(500);
      else expect(pages).toBe(Number.POSITIVE_INFINITY);
    }
  });

  test("says when the next portion is due", () => {
    const plan = MovePlan.make(1000, 1000, 8000, 1);
    for (let now = 1000; now < 1900; now += 7) {
      const nextMs = now + plan.untilNext(now);
      expect(plan.due(nextMs + 1e-6)).toBeGreaterThan(plan.due(now));
    }
  });

  test("moves little at once, and all when its time is over or it has none", () => {
    expect(MovePlan.make(1000, 1000, 300, 1).due(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(MovePlan.make(1000, 0, 8000, 1).due(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(MovePlan.make(1000, 1000, 8000, 1).due(5000)).toBe(Number.POSITIVE_INFINITY);
  });

  test("has fewer portions where looks at the process take long", () => {
    expect(new Set(dueOf(MovePlan.make(1000, 1000, 8000, 30))).size).toBe(3);
  });

  test("goes on in another thread", () => {
    const plan = MovePlan.make(1000, 1000, 8000, 1);
    expect(dueOf(new MovePlan(structuredClone(plan.toData())))).toEqual(dueOf(plan));
  });
});
