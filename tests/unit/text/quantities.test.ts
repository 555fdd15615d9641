import { describe, expect, test } from "bun:test";
import { formatBytes, formatDuration, formatShare } from "../../../src/text/quantities.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

describe("formatBytes()", () => {
  for (
    const [bytes, text] of [
      [0, "0 B"],
      [1023, "1023 B"],
      [1024, "1 KiB"],
      [4096, "4 KiB"],
      [1536, "1.50 KiB"],
      [MiB - 1, "1.00 MiB"],
      [1023.4 * KiB, "1023 KiB"],
      [38.21 * MiB, "38.2 MiB"],
      [512 * MiB, "512 MiB"],
      [1024 ** 4, "1 TiB"],
      [5000 * 1024 ** 5, "5000 PiB"],
    ] as const
  ) test(`writes ${bytes} as ${text}`, () => expect(formatBytes(bytes)).toBe(text));
});

describe("formatDuration()", () => {
  for (
    const [us, text] of [
      [0, "0 us"],
      [999, "999 us"],
      [1000, "1 ms"],
      [12_345, "12.3 ms"],
      [999_999, "1000 ms"],
      [1e6, "1 s"],
      [60e6, "60 s"],
      [3.25e6, "3.25 s"],
      [133e6, "2 min 13 s"],
      [120e6, "2 min"],
      [7980e6, "2 h 13 min"],
      [100 * 3600e6, "4 d 4 h"],
    ] as const
  ) test(`writes ${us} as ${text}`, () => expect(formatDuration(us)).toBe(text));
});

describe("formatShare()", () => {
  for (
    const [part, whole, text] of [
      [0, 0, "-"],
      [0, 5, "0 %"],
      [5, 5, "100 %"],
      [1, 3, "33.3 %"],
      [99_999, 100_000, ">99.9 %"],
      [1, 100_000, "<0.1 %"],
      [1, 2, "50 %"],
    ] as const
  ) {
    test(`writes ${part} of ${whole} as ${text}`, () =>
      expect(formatShare(part, whole)).toBe(text));
  }
});
