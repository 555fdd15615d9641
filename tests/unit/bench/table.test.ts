import { describe, expect, test } from "bun:test";
import { type Figure, median, meets, ratioOf } from "../../../bench/figure.ts";
import { allMet, formatTable } from "../../../bench/table.ts";

const fast: Figure = {
  what: "decode",
  unit: "Mpages/s",
  values: [100, 300, 200],
  baseline: { name: "plain C", values: [400, 400] },
  targets: [
    { of: "median", is: "at least", limit: 200 },
    { of: "ratio", is: "at least", limit: 0.6 },
  ],
};

describe("median()", () => {
  test("is the value in the middle, or the mean of the two there", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("throws when there are no values", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("meets()", () => {
  test("holds the median or its ratio to the baseline's against the limit", () => {
    expect(ratioOf(fast)).toBe(0.5);
    expect(meets(fast, { of: "median", is: "at least", limit: 200 })).toBe(true);
    expect(meets(fast, { of: "median", is: "at least", limit: 200.1 })).toBe(false);
    expect(meets(fast, { of: "median", is: "at most", limit: 200 })).toBe(true);
    expect(meets(fast, { of: "ratio", is: "at most", limit: 0.49 })).toBe(false);
  });

  test("throws when a ratio is to be judged and there is no baseline", () => {
    const figure: Figure = { what: "idle", unit: "ms", values: [1] };
    expect(() => meets(figure, { of: "ratio", is: "at most", limit: 1 })).toThrow("no baseline");
  });
});

describe("formatTable()", () => {
  test("shows figures with their targets, and below what was left out", () => {
    const table = formatTable([fast, { what: "server", reason: "it needs root" }]);
    const [heading, row, leftOut] = table.split("\n");
    expect(heading).toContain("median");
    expect(row?.split(/  +/)).toEqual([
      "decode",
      "200",
      "Mpages/s",
      "100",
      "300",
      "3",
      "400 plain C",
      "0.50",
      ">= 200 met, ratio >= 0.60 MISSED",
    ]);
    expect(leftOut).toBe("left out: server: it needs root");
  });
});

describe("allMet()", () => {
  test("is false when one target is missed", () => {
    expect(allMet([fast])).toBe(false);
    expect(allMet([{ ...fast, targets: [] }, { what: "server", reason: "no root" }])).toBe(true);
  });
});
