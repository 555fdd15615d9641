import { describe, expect, test } from "bun:test";
import { clearingShare } from "../../../src/tracker/clearing_share.ts";

describe("clearingShare()", () => {
  test("allows a hundredth of the time since the last scan", () => {
    expect(clearingShare(60_000, 0).budgetUs).toBe(600_000);
    expect(clearingShare(1000, 0).budgetUs).toBe(10_000);
  });

  test("allows 6 ms where the last scan was just now", () => {
    expect(clearingShare(0, 0).budgetUs).toBe(6000);
    expect(clearingShare(599, 0).budgetUs).toBe(6000);
  });

  test("goes on where the last scan stopped", () => {
    expect(clearingShare(1000, 4711).fromPage).toBe(4711);
  });
});
