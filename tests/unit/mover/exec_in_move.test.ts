import { afterAll, describe, expect, test } from "bun:test";
import { MAX_RANGES } from "../../../ffi/process_madvise.ts";
import { MovedSet } from "../../../src/mover/moved_set.ts";
import { newBatch, type PageBatch } from "../../../src/mover/mover.ts";
import { PROCESS_MADVISE } from "../../../src/mover/mover_process_madvise.ts";
import { pageOut } from "../../../src/mover/page_out.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { AddressSpace } from "../../tools/fixtures/address_space.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { TemporarySwap } from "../../tools/fixtures/temporary_swap.ts";

const swap = TemporarySwap.make(256 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`exec in mid-move: left out: ${missing}`);

const SIZE_MIB = 128;
/** Moves during which a program is executed. */
const TRIALS = 6;

/** Every second page, so that each is a range of its own, and a batch many system calls. */
function sparsePages({ area }: AddressSpace): number[] {
  const pages: number[] = [];
  for (let page = pageOf(area.start); page < pageOf(area.end); page += 2) pages.push(page);
  return pages;
}

function fill(batch: PageBatch, pages: readonly number[]): void {
  for (const page of pages) {
    batch.page[batch.count] = page;
    batch.size[batch.count++] = 1;
  }
  batch.pages = batch.count;
}

/** Pages of the program that runs now that are in swap. */
function swappedOf(target: AddressSpace): number {
  using opened = new OpenProcess(target.pid);
  const [from, to] = [pageOf(target.area.start), pageOf(target.area.end)];
  opened.pagemap.load(from, to);
  let swapped = 0;
  for (let page = from; page < to; page++) if (opened.pagemap.isSwapped(page)) swapped++;
  return swapped;
}

describe.skipIf(missing !== undefined)("a program that is executed in the middle of a move", () => {
  test("the mover asks for nothing of it between two system calls", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    using mover = PROCESS_MADVISE.open(opened);
    const pages = sparsePages(target);
    const batch = newBatch(pages.length);
    fill(batch, pages);
    await target.tell("exec");
    expect(() => mover.pageOut(batch)).toThrow("ESRCH");
    expect(swappedOf(target)).toBe(0);
  });

  test("nor where another process still has the address space of the old one", async () => {
    await using target = await AddressSpace.start("shared", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    using mover = PROCESS_MADVISE.open(opened);
    const batch = newBatch(1);
    fill(batch, [pageOf(target.area.start)]);
    await target.tell("exec");
    expect(opened.pagemap.isAlive(pageOf(target.area.start))).toBe(true);
    expect(() => mover.pageOut(batch)).toThrow("ESRCH");
    expect(swappedOf(target)).toBe(0);
    process.kill(target.other, "SIGKILL");
  });

  test("nor where that happens in the middle of a batch", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    const pages = sparsePages(target);
    const batch = newBatch(pages.length);
    fill(batch, pages);
    let ended = 0;
    let reached = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      using opened = new OpenProcess(target.pid);
      using mover = PROCESS_MADVISE.open(opened);
      // The program reads the command while this thread is at work.
      const executed = target.tell("exec");
      try {
        mover.pageOut(batch);
      } catch (error) {
        expect(String(error)).toContain("ESRCH");
        ended++;
      }
      await executed;
      if (swappedOf(target) > 0) reached++;
    }
    expect(ended).toBeGreaterThan(0);
    // The program may be executed in the microseconds between a look and the call that follows it.
    expect(reached).toBeLessThanOrEqual(1);
  });

  test("a move ends as with a process that is gone, whenever that happens", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    let ended = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      using opened = new OpenProcess(target.pid);
      using mover = PROCESS_MADVISE.open(opened);
      const pages = sparsePages(target);
      let at = 0;
      // The program reads the command while this thread is at work.
      const executed = target.tell("exec");
      const { held, errors } = pageOut({
        next: (batch, room) => {
          fill(batch, pages.slice(at, at + room));
          at += room;
        },
        hold: () => undefined,
        rest: () => {},
        dirFd: opened.dirFd,
        mover,
        pagemap: opened.pagemap,
        moved: MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) }),
      });
      await executed;
      if (held === "process gone") ended++;
      expect(errors).toEqual([]);
      // The program may be executed between the look and the call that follows it.
      expect(swappedOf(target)).toBeLessThanOrEqual(MAX_RANGES);
    }
    expect(ended).toBeGreaterThan(0);
  });
});
