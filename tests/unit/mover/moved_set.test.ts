import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MovedSet } from "../../../src/mover/moved_set.ts";

const nothing = { numbers: new Float64Array(0), bits: new Uint32Array(0) };
const empty = (): MovedSet => MovedSet.fromData(nothing);

/** Pages around the ends of blocks (of 4096), low and high. */
const page = fc.tuple(fc.constantFrom(0, 3 * 4096, 2 ** 40), fc.integer({ min: 0, max: 9000 }))
  .map(([base, offset]) => base + offset);

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), page }),
  fc.record({
    kind: fc.constant("takeOut" as const),
    page,
    pages: fc.integer({ min: 1, max: 6000 }),
  }),
  fc.record({ kind: fc.constant("travel" as const) }),
);

describe("MovedSet", () => {
  test("takeOut() counts what is in, as a set of numbers does", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let set = empty();
        const model = new Set<number>();
        for (const one of steps) {
          if (one.kind === "add") {
            set.add(one.page);
            model.add(one.page);
          } else if (one.kind === "travel") {
            set = MovedSet.fromData(structuredClone(set.toData()));
          } else {
            let expected = 0;
            for (let at = one.page; at < one.page + one.pages; at++) {
              if (model.delete(at)) expected++;
            }
            expect(set.takeOut(one.page, one.pages).out).toBe(expected);
          }
          expect(set.isEmpty).toBe(model.size === 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("keepOnly() forgets what lies in no range, block by block", () => {
    const set = empty();
    for (const block of [0, 1, 5, 9]) set.add(block * 4096 + 10);
    set.keepOnly([
      { from: 4096 + 11, to: 4096 + 12 },
      { from: 5 * 4096 + 4095, to: 6 * 4096 },
      { from: 9 * 4096 - 1, to: 9 * 4096 },
      { from: 10 * 4096, to: 11 * 4096 },
    ]);
    expect(set.takeOut(0, 4096).out).toBe(0);
    expect(set.takeOut(4096, 4096).out).toBe(1);
    expect(set.takeOut(5 * 4096, 4096).out).toBe(1);
    expect(set.takeOut(9 * 4096, 4096).out).toBe(0);
    expect(set.isEmpty).toBe(true);
  });

  test("keepOnly() forgets everything when nothing is mapped", () => {
    const set = empty();
    set.add(7);
    set.keepOnly([]);
    expect(set.isEmpty).toBe(true);
  });

  test("takeOut() tells pages that are in the frame that they were in", () => {
    let set = empty();
    for (let at = 4090; at < 4110; at++) set.add(at, at < 4100 ? 2 ** 33 + at : 0);
    // A block without frames, and a page whose frame is forgotten, since it moved once more.
    set.add(9000);
    set.add(4098, 77);
    set.add(4098);
    set = MovedSet.fromData(structuredClone(set.toData()));
    const asked: number[] = [];
    const taken = set.takeOut(4000, 6000, (at) => {
      asked.push(at);
      return at % 2 === 0 ? 2 ** 33 + at : 5;
    });
    expect(taken).toEqual({ out: 21, sameFrame: 4 });
    expect(asked).toEqual([4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 4099]);
    expect(set.isEmpty).toBe(true);
  });

  test("addAll() takes in another set, and leaves that as it is", () => {
    const [set, other] = [empty(), empty()];
    set.add(5, 7);
    for (const at of [5, 6, 5000]) other.add(at, 9);
    set.addAll(other);
    expect(set.pages).toBe(3);
    set.takeOut(0, 10_000);
    expect(other.pages).toBe(3);
    set.add(5, 7);
    set.forgetFrames();
    expect(set.takeOut(5, 1, () => 7)).toEqual({ out: 1, sameFrame: 0 });
  });

  test("blocks() and pagesOfBlock() give all pages in order", () => {
    const set = empty();
    for (const at of [9000, 4096, 8191, 3]) set.add(at);
    expect(set.blocks()).toEqual([0, 4096, 8192]);
    expect(set.pagesOfBlock(0, 9)).toEqual([3]);
    expect(set.pagesOfBlock(4096, 9)).toEqual([4096, 8191]);
    expect(set.pagesOfBlock(4096, 1)).toEqual([4096]);
    expect(set.pagesOfBlock(4097, 9)).toEqual([8191]);
    expect(set.pagesOfBlock(4, 9)).toEqual([]);
  });

  test("toData() takes 512 bytes a block of 4096 pages", () => {
    const set = empty();
    for (let i = 0; i < 4096 * 10; i++) set.add(2 ** 35 + i);
    expect(set.toData().bits.byteLength).toBe(512 * 10);
  });
});
