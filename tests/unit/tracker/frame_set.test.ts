import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BLOCK_FRAMES, FrameSet } from "../../../src/tracker/frame_set.ts";

/** Frames of a small machine and of one with 64 TiB, scattered and in rows. */
const frames = fc.array(
  fc.record({
    first: fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 2 ** 34 })),
    count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 })),
  }),
  { maxLength: 30 },
).map((rows) =>
  rows.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i))
);

function setOf(all: readonly number[]): FrameSet {
  const set = new FrameSet();
  for (const frame of all) set.add(frame);
  return set;
}

describe("FrameSet", () => {
  test("addAll() adds what is new, and counts what was in", () => {
    fc.assert(
      fc.property(frames, frames, (one, other) => {
        const set = setOf(one);
        const model = new Set(one);
        const known = new Set(other.filter((frame) => model.has(frame)));
        expect(set.addAll(setOf(other))).toBe(known.size);
        for (const frame of [...one, ...other]) if (!set.has(frame)) throw new Error(`${frame}`);
        expect(set.addAll(setOf([...one, ...other]))).toBe(new Set([...one, ...other]).size);
      }),
      { numRuns: 60 },
    );
  });

  test("has() what was added and nothing else, after a journey to another thread too", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 0, max: 200_000 })), (all, probes) => {
        const model = new Set(all);
        const set = setOf(all);
        const copy = FrameSet.fromData(structuredClone(set.toData()));
        for (const frame of [...all, ...probes, ...all.map((one) => one + 1)]) {
          if (set.has(frame) !== model.has(frame)) throw new Error(`frame ${frame} in the set`);
          if (copy.has(frame) !== model.has(frame)) throw new Error(`frame ${frame} in the copy`);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("toData() takes 2 bytes a frame when frames are scattered, a bit when they are dense", () => {
    const scattered = setOf(Array.from({ length: 1000 }, (_, i) => i * BLOCK_FRAMES * 3 + i));
    expect(scattered.toData().units.byteLength).toBe(2000);
    const dense = setOf(Array.from({ length: 4 * BLOCK_FRAMES }, (_, i) => i));
    expect(dense.toData().units.byteLength).toBe(4 * BLOCK_FRAMES / 8);
  });

  test("toData() keeps a block whose list would be as long as its bits", () => {
    const count = BLOCK_FRAMES / 16;
    const all = Array.from({ length: count }, (_, i) => i * 16 + 3);
    const copy = FrameSet.fromData(setOf(all).toData());
    expect(all.every((frame) => copy.has(frame) && !copy.has(frame + 1))).toBe(true);
  });

  test("blocks() are in ascending order", () => {
    const set = setOf([5 * BLOCK_FRAMES, 1, 9 * BLOCK_FRAMES + 7, 3 * BLOCK_FRAMES]);
    expect(set.blocks().map(([number]) => number)).toEqual([0, 3, 5, 9]);
  });
});
