import { describe, expect, test } from "bun:test";
import { sparkline } from "../../../src/top/sparkline.ts";

describe("sparkline()", () => {
  test("has a bar for each value, the greatest the highest", () => {
    expect(sparkline([undefined, 0, 1, 50, 100], true)).toBe(" ▁▂▅█");
  });

  test("uses ASCII where the terminal has no more", () => {
    expect(sparkline([undefined, 0, 1, 50, 100], false)).toBe(" .:+@");
  });

  test("is flat where nothing happened", () => {
    expect(sparkline([0, 0], true)).toBe("▁▁");
    expect(sparkline([], true)).toBe("");
  });
});
