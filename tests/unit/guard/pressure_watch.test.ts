import { describe, expect, test } from "bun:test";
import { PressureWatch } from "../../../src/guard/pressure_watch.ts";

/** Rounds of a second each; in each a group waits so many ms. @returns the rise of the last one. */
function riseAfter(waits: readonly (readonly [waitedMs: number, isReturning: boolean])[]): number {
  let watch = new PressureWatch();
  let waitedMs = 5000;
  let rise = watch.rise(waitedMs, 0, true);
  for (const [i, [ms, isReturning]] of waits.entries()) {
    watch = new PressureWatch(structuredClone(watch.toData()));
    waitedMs += ms;
    rise = watch.rise(waitedMs, 1000 * (i + 1), isReturning);
  }
  return rise;
}

describe("PressureWatch", () => {
  test("tells by how much a group waits longer than usual while pages return", () => {
    const usual = Array.from({ length: 10 }, () => [20, false] as const);
    expect(riseAfter([...usual, [50, true]])).toBeCloseTo(3, 6);
    expect(riseAfter([...usual, [20, true]])).toBeCloseTo(0, 6);
    expect(riseAfter([...usual, [0, true]])).toBe(0);
  });

  test("tells nothing while no page returns, and before there were two looks", () => {
    expect(riseAfter([])).toBe(0);
    expect(riseAfter([[0, false], [500, false]])).toBe(0);
  });

  test("takes pressure that lasts for usual", () => {
    const lasting = Array.from({ length: 60 }, () => [100, true] as const);
    expect(riseAfter(lasting.slice(0, 1))).toBeCloseTo(10, 6);
    expect(riseAfter(lasting)).toBeLessThan(0.5);
  });

  test("begins anew in another group, and where nothing tells", () => {
    const watch = new PressureWatch();
    watch.rise(5000, 0, true);
    expect(watch.rise(100, 1000, true)).toBe(0);
    expect(watch.rise(undefined, 2000, true)).toBe(0);
    expect(watch.rise(900, 3000, true)).toBe(0);
    expect(watch.rise(910, 4000, true)).toBeCloseTo(1, 6);
  });
});
