import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { Pagemap, pageOf, SCAN_PAGES, WINDOW_ENTRIES } from "../../../src/procfs/pagemap.ts";
import { KpageFlags } from "../../../src/procfs/kpageflags.ts";
import { hasPagemapScan } from "../../tools/fixtures/has_pagemap_scan.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { ZeroPages } from "../../tools/fixtures/zero_pages.ts";

const HUGE = 2 * 2 ** 20;

const isRoot = process.getuid?.() === 0;

describe("Pagemap", () => {
  test("tells present pages from absent ones", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 30, hot: "first:1" });
    const { pagemap } = trial.process;
    const { start, end } = trial.area;
    const [from, to] = [pageOf(start), pageOf(end)];
    // The area lies in the middle of a mapping with nothing before it but a few strays.
    expect(pagemap.load(from - 1000, to)).toBe(to - from + 1000);
    let before = 0;
    for (let page = from - 1000; page < from; page++) if (pagemap.isPresent(page)) before++;
    expect(before).toBeLessThanOrEqual(2);
    for (let page = from; page < to; page++) {
      const isThere = pagemap.isPresent(page) || pagemap.isSwapped(page);
      if (!isThere || pagemap.isFile(page)) throw new Error(`page ${page} is not the target's`);
    }
  });

  test("isExclusive() tells shared pages from own ones", async () => {
    using own = await TargetProcess.start();
    using shared = await TargetProcess.start({ children: 1, share: true, hot: "first:1" });
    for (const [trial, isExclusive] of [[own, true], [shared, false]] as const) {
      const first = pageOf(trial.area.start);
      trial.process.pagemap.load(first, first + 16);
      expect(trial.process.pagemap.isExclusive(first + 3)).toBe(isExclusive);
    }
  });

  test.skipIf(!isRoot)("frame() gives frames that the kernel knows", async () => {
    using trial = await TargetProcess.start({ hot: "first:1" });
    const first = pageOf(trial.area.start);
    trial.process.pagemap.load(first, first + 64);
    const frames = Array.from({ length: 64 }, (_, i) => trial.process.pagemap.frame(first + i));
    expect(new Set(frames).size).toBe(64);
    using flags = new KpageFlags();
    for (const frame of frames) expect(flags.load(frame, 1)).toBe(1);
  });

  test.skipIf(!isRoot)("takes the pages of zeros for no memory, base or huge", async () => {
    using child = await ZeroPages.start();
    const written = Array.from({ length: HUGE / PAGE_SIZE }, (_, i) => i % 16 === 0);
    const expected = [...written, ...written.map(() => false)];
    const { pagemap } = child.opened;
    const first = pageOf(child.area);
    const loaded = (from: number): boolean[] => {
      pagemap.load(from, first + expected.length);
      return expected.slice(from - first).map((_, i) => pagemap.isPresent(from + i));
    };
    expect(loaded(first)).toEqual(expected);
    // from the middle of each half, as movers look pages up
    for (const from of [16 + 7, expected.length / 2 + 7]) {
      expect(loaded(first + from)).toEqual(expected.slice(from));
    }
    const given = new Set<number>();
    pagemap.forEachPresent(first, first + expected.length, () => false, (page, pages) => {
      for (let i = 0; i < pages; i++) given.add(page + i - first);
    });
    expect(expected.map((_, i) => given.has(i))).toEqual(expected);
  });

  test("load() reads a window at most, and holds() only what the last one read", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 30 });
    using other = await TargetProcess.start();
    const { pagemap } = trial.process;
    const from = pageOf(trial.area.start) - WINDOW_ENTRIES;
    expect(pagemap.load(from, from + 2 * WINDOW_ENTRIES)).toBe(WINDOW_ENTRIES);
    expect(pagemap.holds(from - 1)).toBe(false);
    expect(pagemap.holds(from)).toBe(true);
    expect(pagemap.holds(from + WINDOW_ENTRIES - 1)).toBe(true);
    expect(pagemap.holds(from + WINDOW_ENTRIES)).toBe(false);
    other.process.pagemap.load(from, from + 1);
    expect(pagemap.holds(from)).toBe(false);
    pagemap.load(from, from + 1);
    pagemap.forget();
    expect(pagemap.holds(from)).toBe(false);
  });

  test("nextPresent() passes over what is not there, or says that it cannot", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 40, hot: "first:1" });
    const { pagemap } = trial.process;
    const [first, end] = [pageOf(trial.area.start), pageOf(trial.area.end)];
    // a hole that would take a second to read, and no stray page in it
    const hole = pageOf(2 ** 38);
    const next = (from: number, to: number): number => pagemap.nextPresent(from, to, () => false);
    const cannot = next(first - hole, first - hole / 2) === first - hole;
    const ways = [
      [first, end, first],
      [first + 3, end, first + 3],
      [first - 2, first, cannot ? first - 2 : first],
      [first, first, first],
      [first - 9, first + 1, cannot ? first - 9 : first],
    ] as const;
    for (const [from, to, found] of ways) {
      expect([from - first, next(from, to)]).toEqual([from - first, found]);
    }
    await trial.end();
    if (!cannot) expect(() => next(first, end)).toThrow("ESRCH");
  });

  test.skipIf(!hasPagemapScan())("nextPresent() looks at a bounded part at a time", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 40, hot: "first:1" });
    const { pagemap } = trial.process;
    // between two stray pages, 16 GiB from each other
    const hole = pageOf(trial.area.start) - 255 * SCAN_PAGES;
    const from = hole - hole % SCAN_PAGES + 3;
    const to = from + 10 * SCAN_PAGES;
    let asked = 0;
    const found = pagemap.nextPresent(from, to, () => (asked += 1) < 0);
    expect([found - from, asked]).toEqual([to - from, 11]);
    // stopped in the middle, it tells how far it came
    asked = 0;
    const came = pagemap.nextPresent(from, to, () => (asked += 1) === 5);
    expect(came).toBe(from - 3 + 4 * SCAN_PAGES);
  });

  test("forEachPresent() gives the runs of present pages, whatever lies between", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 30, hot: "none" });
    const { pagemap } = trial.process;
    const [from, to] = [pageOf(trial.area.start), pageOf(trial.area.end)];
    // half a window before the area; it has a page of its own here and there
    const before = from - WINDOW_ENTRIES / 2;
    const present = new Set<number>();
    let last = before;
    const ended = pagemap.forEachPresent(before, to, () => false, (page, pages) => {
      expect(page).toBeGreaterThanOrEqual(last);
      for (last = page; last < page + pages; last++) present.add(last);
    });
    expect(ended).toBe("done");
    for (let page = before; page < to; page += WINDOW_ENTRIES) {
      const read = pagemap.load(page, to);
      for (let i = 0; i < read; i++) {
        expect(present.has(page + i)).toBe(pagemap.isPresent(page + i));
      }
    }
    expect(present.size).toBeGreaterThanOrEqual(to - from);
    expect(pagemap.forEachPresent(from, to, () => true, () => {})).toBe("stopped");
  });

  test("reads as gone after execve and after the end, never as other memory", async () => {
    using trial = await TargetProcess.start();
    const { pagemap } = trial.process;
    const page = pageOf(trial.area.start);
    expect(pagemap.isAlive(page)).toBe(true);
    await trial.exec();
    expect(pagemap.isAlive(page)).toBe(false);
    expect(pagemap.load(page, page + 10)).toBe(0);
    expect(pagemap.holds(page)).toBe(false);

    using ended = await TargetProcess.start();
    const last = pageOf(ended.area.start);
    await ended.end();
    expect(ended.process.pagemap.isAlive(last)).toBe(false);
    expect(ended.process.pagemap.load(last, last + 10)).toBe(0);
  });

  test("holds() no entry of which only a part could be read", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("pagemap"), new Uint8Array(3 * 8 - 1).fill(0xff));
    const fd = openAt(AT_FDCWD, folder.at("pagemap"), O_RDONLY);
    const pagemap = new Pagemap(fd);
    expect(pagemap.load(0, 10)).toBe(2);
    expect([1, 2].map((page) => pagemap.holds(page))).toEqual([true, false]);
    close(fd);
  });

  test("fails when its descriptor is none", () => {
    expect(() => new Pagemap(-1).load(0, 1)).toThrow("EBADF");
  });
});

describe("pageOf()", () => {
  test("is exact for any address that is a multiple of the page size", () => {
    expect(pageOf(2 ** 57 - PAGE_SIZE)).toBe(2 ** 57 / PAGE_SIZE - 1);
  });
});
