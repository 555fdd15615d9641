import { describe, expect, test } from "bun:test";
import { absolutePath } from "../../../src/options/absolute_path.ts";
import { UsageError } from "../../../src/options/usage_error.ts";

describe("absolutePath()", () => {
  test("leaves `..` to the kernel", () => {
    expect(absolutePath("../a/../b", "/etc")).toBe("/etc/../a/../b");
    expect(absolutePath("././/a", "/etc")).toBe("/etc/a");
    expect(absolutePath("a", "/")).toBe("/a");
  });

  test("needs a working folder only for a path that is relative to it", () => {
    expect(absolutePath("/etc/a", "/proc/42/task")).toBe("/etc/a");
    expect(() => absolutePath("a", "/proc/42/task")).toThrow(UsageError);
    expect(absolutePath("a", "/proc/42/task/43")).toBe("/proc/42/task/43/a");
  });
});
