import { describe, expect, test } from "bun:test";
import { SilentPaths } from "../../../src/daemon/silent_paths.ts";

/** For how long a path is left alone that has just been looked at in vain at a moment. */
function pauseFrom(paths: SilentPaths, nowMs: number): number {
  let ms = 0;
  while (paths.leavesAlone("/a", nowMs + ms, false)) ms += 100;
  return ms;
}

describe("SilentPaths", () => {
  test("leaves a path alone for longer each time, up to half a minute", () => {
    const paths = new SilentPaths();
    let nowMs = 5000;
    const pauses = Array.from({ length: 7 }, () => {
      paths.note("/a", nowMs);
      const pause = pauseFrom(paths, nowMs);
      nowMs += pause;
      return pause;
    });
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test("begins anew once a path has answered", () => {
    const paths = new SilentPaths();
    paths.note("/a", 0);
    paths.note("/a", 0);
    paths.forget("/a");
    expect(paths.leavesAlone("/a", 0, false)).toBe(false);
    paths.note("/a", 0);
    expect(pauseFrom(paths, 0)).toBe(1000);
  });

  test("knows one path from another", () => {
    const paths = new SilentPaths();
    paths.note("/a", 0);
    expect(paths.leavesAlone("/b", 0, false)).toBe(false);
  });

  test("leaves a path alone as long as a look in vain has not ended, and no other look", () => {
    const paths = new SilentPaths();
    expect(paths.leavesAlone("/a", 0, true)).toBe(false);
    paths.note("/a", 0);
    expect(paths.leavesAlone("/a", 1e9, true)).toBe(true);
  });
});
