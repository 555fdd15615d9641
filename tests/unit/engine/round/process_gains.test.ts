import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { type ProcessGains, SharedOnce } from "../../../../src/engine/round/process_gains.ts";
import { FrameSet } from "../../../../src/tracker/frame_set.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

/** A process with 10 pages, of which those in these frames are shared, cold and spared. */
function sharerOf(...frames: number[]): ProcessGains {
  const set = new FrameSet();
  for (const frame of frames) set.add(frame);
  const bytes = frames.length * PAGE_SIZE;
  return {
    figures: {
      present_bytes: 10 * PAGE_SIZE,
      hot_bytes: 10 * PAGE_SIZE - bytes,
      cold_bytes: bytes,
      spared: new Map([["shared" as Reason, bytes]]),
    },
    shared: { reason: "shared" as Reason, frames: set.toData() },
  };
}

describe("SharedOnce", () => {
  test("figuresOf() leaves out what a process before had too", () => {
    const once = new SharedOnce();
    const first = sharerOf(1, 2, 3);
    expect(once.figuresOf(first)).toEqual(first.figures);
    expect(once.figuresOf(sharerOf(2, 3, 4, 70_000))).toEqual({
      present_bytes: 8 * PAGE_SIZE,
      hot_bytes: 6 * PAGE_SIZE,
      cold_bytes: 2 * PAGE_SIZE,
      spared: new Map([["shared" as Reason, 2 * PAGE_SIZE]]),
    });
    expect(once.figuresOf(sharerOf(70_000))).toMatchObject({ cold_bytes: 0 });
  });

  test("figuresOf() changes nothing where nothing is shared", () => {
    const { figures } = sharerOf();
    expect(new SharedOnce().figuresOf({ figures })).toBe(figures);
  });
});
