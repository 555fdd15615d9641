import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync, writeFileSync } from "node:fs";
import { KpageFlags } from "../../../src/procfs/kpageflags.ts";
import { BLOCK_FRAMES, FrameSet } from "../../../src/tracker/frame_set.ts";
import { IdleBitmap } from "../../../src/tracker/idle_bitmap.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const FRAMES = 3 * BLOCK_FRAMES;
const KPF_HEAD = 1n << 15n;
const KPF_TAIL = 1n << 16n;

const never = (): boolean => false;

/** Files that look like the kernel's: a bit a frame, and 8 bytes of flags a frame. */
class FakeFrames implements Disposable {
  readonly #folder = new ScratchFolder();
  readonly bitmap = this.#folder.at("bitmap");
  readonly #flagsFile = this.#folder.at("kpageflags");
  readonly #flags = new BigUint64Array(FRAMES);

  constructor() {
    writeFileSync(this.bitmap, new Uint8Array(FRAMES / 8));
    writeFileSync(this.#flagsFile, this.#flags);
  }

  /** Makes `count` frames one huge page. */
  join(head: number, count: number): void {
    this.#flags[head] = KPF_HEAD;
    this.#flags.fill(KPF_TAIL, head + 1, head + count);
    writeFileSync(this.#flagsFile, this.#flags);
  }

  /** Makes each frame a page of its own again. */
  separate(): void {
    this.#flags.fill(0n);
    writeFileSync(this.#flagsFile, this.#flags);
  }

  setIdle(frames: readonly number[]): void {
    const bytes = new Uint8Array(FRAMES / 8);
    for (const frame of frames) bytes[frame >>> 3] = bytes[frame >>> 3]! | (1 << (frame & 7));
    writeFileSync(this.bitmap, bytes);
  }

  marked(): number[] {
    const bytes = readFileSync(this.bitmap);
    return Array.from({ length: FRAMES }, (_, frame) => frame)
      .filter((frame) => (bytes[frame >>> 3]! & (1 << (frame & 7))) !== 0);
  }

  mark(frames: readonly number[], stopped: () => boolean = never): void {
    using bitmap = new IdleBitmap(this.bitmap);
    using flags = new KpageFlags(this.#flagsFile);
    bitmap.renew(setOf([]), setOf(frames), flags, stopped);
  }

  /** Which of the frames count as idle. */
  idleOf(frames: readonly number[]): number[] {
    using bitmap = new IdleBitmap(this.bitmap);
    using flags = new KpageFlags(this.#flagsFile);
    const idle = bitmap.renew(setOf(frames), setOf([]), flags, never);
    return Array.from({ length: FRAMES }, (_, frame) => frame).filter((frame) => idle.has(frame));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function setOf(frames: readonly number[]): FrameSet {
  const set = new FrameSet();
  for (const frame of frames) set.add(frame);
  return set;
}

describe("IdleBitmap", () => {
  test("renew() sets the bits of its frames and no others", () => {
    using fake = new FakeFrames();
    const frames = [0, 63, 64, 65, 300, 1000, BLOCK_FRAMES - 1, BLOCK_FRAMES, 2 * BLOCK_FRAMES + 7];
    fake.mark(frames);
    expect(fake.marked()).toEqual(frames);
  });

  test("renew() stops between blocks when told to", () => {
    using fake = new FakeFrames();
    let asked = 0;
    fake.mark([1, BLOCK_FRAMES + 1], () => asked++ > 0);
    expect(fake.marked()).toEqual([1]);
  });

  test("renew() fails when the kernel refuses", () => {
    using bitmap = new IdleBitmap("/dev/full");
    using flags = new KpageFlags();
    expect(() => bitmap.renew(setOf([]), setOf([1]), flags, never)).toThrow("ENOSPC");
  });

  test("renew() marks the frames of a block before it reads the next one", () => {
    using fake = new FakeFrames();
    using bitmap = new IdleBitmap(fake.bitmap);
    using flags = new KpageFlags();
    const frames = [5, BLOCK_FRAMES + 5];
    const seen: number[][] = [];
    const idle = bitmap.renew(setOf(frames), setOf(frames), flags, () => {
      seen.push(fake.marked());
      // Used since it was marked, and the second one not yet looked at.
      fake.setIdle([5, BLOCK_FRAMES + 5].slice(0, seen.length));
      return false;
    });
    expect(seen).toEqual([[], [5]]);
    expect(frames.map((frame) => idle.has(frame))).toEqual([true, true]);
  });

  test("renew() tells idle frames from used ones", () => {
    using fake = new FakeFrames();
    fake.setIdle([5, 70, 30_000, BLOCK_FRAMES + 3]);
    expect(fake.idleOf([5, 6, 70, 71, 30_000, BLOCK_FRAMES + 3, BLOCK_FRAMES + 4]))
      .toEqual([5, 70, 30_000, BLOCK_FRAMES + 3]);
  });

  test("renew() says nothing of frames that others have marked", () => {
    using fake = new FakeFrames();
    fake.setIdle([5, 6, 7]);
    expect(fake.idleOf([6])).toEqual([6]);
  });

  test("renew() gives the tails of a huge page what its head says", () => {
    using fake = new FakeFrames();
    const idle = Array.from({ length: 512 }, (_, i) => 1024 + i);
    const used = Array.from({ length: 512 }, (_, i) => 4096 + i);
    fake.join(1024, 512);
    fake.join(4096, 512);
    fake.setIdle([1024]);
    expect(fake.idleOf([...idle, ...used])).toEqual(idle);
  });

  test("renew() counts tails as used whose head is not among the frames", () => {
    using fake = new FakeFrames();
    fake.join(1024, 16);
    fake.setIdle([1024]);
    expect(fake.idleOf([1030, 1031])).toEqual([]);
  });

  test("renew() judges pages of all sizes by their first frame", () => {
    using fake = new FakeFrames();
    const layout = fc.array(
      fc.record({
        count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 150 })),
        isIdle: fc.boolean(),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(layout, fc.integer({ min: 2, max: 64 }), (pages, foreign) => {
        const own: number[] = [];
        const expected: number[] = [];
        const heads: number[] = [];
        fake.separate();
        let frame = 0;
        for (const { count, isIdle } of pages) {
          if (count > 1) fake.join(frame, count);
          // Every so many frames one is not of the process.
          const ours = Array.from({ length: count }, (_, i) => frame + i)
            .filter((one) => one % foreign !== 1);
          own.push(...ours);
          if (isIdle) heads.push(frame);
          if (isIdle && ours[0] === frame) expected.push(...ours);
          frame += count;
        }
        fake.setIdle(heads);
        expect(fake.idleOf(own)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("renew() counts as used what the bitmap is too short for", () => {
    using fake = new FakeFrames();
    expect(fake.idleOf([7, FRAMES + 100])).toEqual([]);
  });
});
