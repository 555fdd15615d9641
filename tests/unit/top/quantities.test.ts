import { describe, expect, test } from "bun:test";
import { shortBytes, shortPercent, shortSeconds } from "../../../src/top/quantities.ts";

describe("short quantities", () => {
  test.each([
    [0, "0"],
    [4096, "4K"],
    [38.2 * 2 ** 20, "38.2M"],
    [1023 * 2 ** 20, "1023M"],
    [1023.9 * 2 ** 20, "1G"],
    [1.25 * 2 ** 30, "1.25G"],
    [-12.5 * 2 ** 20, "-12.5M"],
    [2 ** 60, "1024P"],
  ])("%d bytes are %s", (bytes, text) => expect(shortBytes(bytes)).toBe(text));

  test.each([
    [0, "0s"],
    [0.85, "850ms"],
    [12, "12s"],
    [99.94, "99.9s"],
    [5400, "90min"],
    [129_600, "36h"],
    [1e6, "12d"],
  ])("%d seconds are %s", (seconds, text) => expect(shortSeconds(seconds)).toBe(text));

  test.each([[0, "0"], [0.001, "<0.01%"], [0.05, "0.05%"], [12.5, "12.5%"], [100, "100%"]])(
    "%d percent are %s",
    (percent, text) => expect(shortPercent(percent)).toBe(text),
  );

  test("six columns are enough", () => {
    for (let bytes = 1; bytes < 2 ** 60; bytes = Math.ceil(bytes * 1.37)) {
      expect(shortBytes(bytes).length).toBeLessThanOrEqual(5);
      expect(shortBytes(-bytes).length).toBeLessThanOrEqual(6);
      expect(shortSeconds(bytes % 1e8).length).toBeLessThanOrEqual(6);
    }
  });
});
