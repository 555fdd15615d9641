import { describe, expect, test } from "bun:test";
import { fitting, MOST_UNITS } from "../../../../src/engine/cslide/plan_size.ts";

describe("fitting()", () => {
  test("takes processes in their order as long as they fit, and smaller ones behind them", () => {
    expect(fitting([5, 4, 2, 1, 1], 10)).toEqual([true, true, false, true, false]);
    expect(fitting([10], 10)).toEqual([true]);
    expect(fitting([11, Infinity, 10], 10)).toEqual([false, false, true]);
    expect(fitting([], 10)).toEqual([]);
  });

  test("leaves out what no array can hold", () => {
    expect(() => new Float64Array(MOST_UNITS + 1)).toThrow();
    expect(fitting([MOST_UNITS, 1], MOST_UNITS)).toEqual([true, false]);
  });
});
