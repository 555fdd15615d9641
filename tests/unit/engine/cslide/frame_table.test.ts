import { describe, expect, test } from "bun:test";
import { FrameTable } from "../../../../src/engine/cslide/frame_table.ts";

describe("FrameTable", () => {
  test("claim() gives each of many frames to the first that wants it, find() finds it and no other", () => {
    const table = new FrameTable();
    // As frames are: in rows of base pages and of huge pages, some of them above 16 TiB.
    const frames = [1, 0x1_0000_0000, 7 * 0x1_0000_0000].flatMap((first) =>
      Array.from(
        { length: 40_000 },
        (_, i) => first + (i < 20_000 ? i : 0x400_0000 + (i - 20_000) * 512),
      )
    );
    for (const [i, frame] of frames.entries()) table.claim(frame, i % 3, i);
    for (const frame of frames) table.claim(frame, 9, 9);
    for (const [i, frame] of frames.entries()) {
      const slot = table.find(frame);
      if (table.processAt(slot) !== i % 3 || table.unitAt(slot) !== i) {
        throw new Error(`frame ${frame} is not unit ${i}`);
      }
    }
    expect([20_001, 0x400_0002, 3 * 0x1_0000_0000].map((frame) => table.find(frame)))
      .toEqual([-1, -1, -1]);
  });
});
