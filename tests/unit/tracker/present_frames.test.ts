import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { FrameSet } from "../../../src/tracker/frame_set.ts";
import { PMD_PAGES } from "../../../src/tracker/huge_page.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import { PresentFrames } from "../../../src/tracker/present_frames.ts";
import { MAX_COUNT } from "./scan_model.ts";

const START = 2 ** 30;

/** What stands in a pagemap behind a hole: pages in a row, or a huge page. */
const part = fc.record({
  hole: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 20_000 })),
  pages: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20_000 })),
  // Frames of a small machine, and on both sides of 16 TiB.
  frame: fc.oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: 2 ** 32 - 9000, max: 2 ** 32 - 1 }),
    fc.integer({ min: 2 ** 32 + 1, max: 2 ** 33 - 20_001 }),
  ),
  isHuge: fc.boolean(),
});

/** Entries of a pagemap: the frame of each, and where huge pages begin. */
class Entries {
  readonly frames: (number | undefined)[] = [];
  readonly #huge: number[] = [];

  add({ hole, pages, frame, isHuge }: {
    readonly hole: number;
    readonly pages: number;
    readonly frame: number;
    readonly isHuge: boolean;
  }): void {
    for (let i = 0; i < hole; i++) this.frames.push(undefined);
    if (!isHuge) {
      for (let i = frame; i < frame + pages; i++) this.frames.push(i === 2 ** 32 ? undefined : i);
      return;
    }
    while (this.frames.length % PMD_PAGES !== 0) this.frames.push(undefined);
    this.#huge.push(this.frames.length);
    const first = Math.ceil(frame / PMD_PAGES) * PMD_PAGES;
    for (let i = 0; i < PMD_PAGES; i++) this.frames.push(first + i);
  }

  /** As walkPresent() does. */
  showTo(visitor: PresentFrames): void {
    let shown = 0;
    for (const at of [...this.#huge, this.frames.length]) {
      const isAny = this.frames.slice(shown, at).some((frame) => frame !== undefined);
      if (shown < at) expect(visitor.pages(START + shown, shown, at)).toBe(isAny);
      if (at < this.frames.length) visitor.huge(START + at, at);
      shown = at + PMD_PAGES;
    }
  }

  /** The count of each present page, where some frames are idle. */
  expected(isIdle: (frame: number) => boolean): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [index, frame] of this.frames.entries()) {
      if (frame === undefined) continue;
      const head = this.#huge.find((at) => index >= at && index < at + PMD_PAGES) ?? index;
      counts.set(START + index, isIdle(this.frames[head]!) ? 0 : 1);
    }
    return counts;
  }
}

/** The count of each page. */
function countsOf(present: PresentFrames, idle: FrameSet): Map<number, number> {
  const counts = new PageCounts();
  counts.beginScan();
  present.count(idle, counts);
  counts.endScan();
  const found = new Map<number, number>();
  counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, pages, count) => {
    for (let i = 0; i < pages; i++) found.set(page + i, count);
    return true;
  });
  return found;
}

test("PresentFrames counts each present page by its frame, and no other", () => {
  const parts = fc.array(part, { maxLength: 12 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 2, max: 9 }), (all, step) => {
      const entries = new Entries();
      for (const one of all) entries.add(one);
      const { frames } = entries;
      using present = new PresentFrames({
        isPresentAt: (index) => frames[index] !== undefined,
        frameAt: (index) => frames[index]!,
      });
      entries.showTo(present);
      const isIdle = (frame: number): boolean => frame % step !== 0;
      const idle = new FrameSet();
      for (const frame of frames) {
        if (frame === undefined) continue;
        if (!present.set.has(frame)) throw new Error(`frame ${frame} is not in the set`);
        if (isIdle(frame)) idle.add(frame);
      }
      expect(countsOf(present, idle)).toEqual(entries.expected(isIdle));
    }),
    { numRuns: 40 },
  );
}, 60_000);
