import { describe, expect, test } from "bun:test";
import { errorLine } from "../../../../src/engine/round/error_line.ts";

describe("errorLine()", () => {
  test("says the first, and how many more there are", () => {
    expect(errorLine([])).toBeUndefined();
    expect(errorLine(["read: EIO"])).toBe("read: EIO");
    expect(errorLine(["read: EIO", "read: EIO", "move_pages: EACCES"])).toBe(
      "read: EIO (and 2 more)",
    );
  });
});
