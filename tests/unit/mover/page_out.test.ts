import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SystemCallError } from "../../../ffi/errno.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { MovedSet } from "../../../src/mover/moved_set.ts";
import type { Mover, PageBatch } from "../../../src/mover/mover.ts";
import { PROCESS_MADVISE } from "../../../src/mover/mover_process_madvise.ts";
import { pageOut, type PageOutAccount, type PageOutOrder } from "../../../src/mover/page_out.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { openDescriptors, pidDescriptorsOf } from "../../tools/fixtures/descriptors.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../tools/fixtures/temporary_swap.ts";
import type { Reason } from "../../../src/reason/reasons.ts";

const ENOMEM = 12;

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`pageOut(): left out what needs a mover: ${missing}`);

const emptySet = (): MovedSet =>
  MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) });

type Rates = NonNullable<PageOutOrder["rates"]>;

interface Order {
  readonly unit?: number;
  readonly dropUsed?: (batch: PageBatch) => void;
  readonly rates?: Rates;
  readonly mover?: Mover;
  readonly hold?: () => Reason | undefined;
  readonly rest?: (ms: number) => void;
  readonly spareShared?: (frame: number) => void;
  readonly moved?: MovedSet;
}

/** Pages out base pages, one after the other, or units of so many. */
function run(process: OpenProcess, pages: readonly number[], order: Order = {}): PageOutAccount {
  const { unit = 1 } = order;
  let at = 0;
  using mover = order.mover ?? PROCESS_MADVISE.open(process);
  const account = pageOut({
    next: (batch, room) => {
      for (; at < pages.length && batch.pages < room; at += unit) add(batch, pages[at]!, unit);
    },
    hold: order.hold ?? (() => undefined),
    rest: order.rest ?? (() => {}),
    spareShared: order.spareShared,
    dropUsed: order.dropUsed,
    ...(order.rates === undefined ? {} : { rates: order.rates }),
    dirFd: process.dirFd,
    mover,
    pagemap: process.pagemap,
    moved: order.moved ?? emptySet(),
  });
  expect(account.asked).toBe(account.moved + refusedOf(account));
  return account;
}

function add(batch: PageBatch, page: number, size: number): void {
  batch.page[batch.count] = page;
  batch.size[batch.count] = size;
  batch.count++;
  batch.pages += size;
}

function refusedOf(account: PageOutAccount): number {
  return [...account.refused.values()].reduce((sum, pages) => sum + pages, 0);
}

function areaOf({ area }: TargetProcess): number[] {
  const from = pageOf(area.start);
  return Array.from({ length: pageOf(area.end) - from }, (_, i) => from + i);
}

function swappedOf({ pagemap }: OpenProcess, pages: readonly number[]): number[] {
  return pages.filter((page) => {
    if (!pagemap.holds(page)) pagemap.load(page, pages.at(-1)! + 1);
    return pagemap.isSwapped(page);
  });
}

/** A mover that does what a test wants of it. */
function scripted(pageOutBatch: Mover["pageOut"]): Mover {
  return { pageOut: pageOutBatch, [Symbol.dispose]: () => undefined };
}

describe.skipIf(missing !== undefined)("pageOut()", () => {
  test("brings pages to swap, knows which, and leaves their contents alone", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const pages = areaOf(trial);
    const cold = pages.filter((_, i) => i % 3 !== 0);
    const moved = emptySet();
    const account = run(trial.process, cold, { moved });
    expect(account).toMatchObject({ asked: cold.length, vanished: 0 });
    // what waits in a CPU's batch for the LRU lists, 31 pages at most (PAGEVEC_SIZE), cannot be
    // reclaimed
    expect(account.moved).toBeGreaterThanOrEqual(cold.length * 0.95);
    expect(account.held).toBeUndefined();
    const swapped = swappedOf(trial.process, pages);
    expect(swapped).toHaveLength(account.moved);
    expect(swapped.every((page) => cold.includes(page))).toBe(true);
    expect(moved.takeOut(pages[0]!, pages.length).out).toBe(account.moved);
    expect(await trial.target.verify()).toBe(0);
  });

  test("counts pages that several processes have as refused: shared", async () => {
    using trial = await TargetProcess.start({ hot: "none", children: 1, share: true });
    const pages = areaOf(trial);
    const account = run(trial.process, pages);
    expect(account.refused).toEqual(new Map([["shared" as Reason, pages.length]]));
    expect(account.moved).toBe(0);
  });

  test("does not ask for what several processes have when it is told to spare that", async () => {
    using shared = await TargetProcess.start({ hot: "none", children: 1, share: true });
    const pages = areaOf(shared);
    const frames = new Set<number>();
    const spareShared = (frame: number): unknown => frames.add(frame);
    const spared = run(shared.process, pages, { spareShared });
    expect(frames.size).toBe(pages.length);
    expect(spared).toMatchObject({ asked: 0, vanished: 0, sparedShared: pages.length });
    using own = await TargetProcess.start({ hot: "none" });
    const asked = run(own.process, areaOf(own), { spareShared });
    expect(asked).toMatchObject({ asked: pages.length, sparedShared: 0 });
  });

  test("leaves a large unit alone that is used while it waits for the rates", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const unit = 64;
    const pages = areaOf(trial).slice(0, 2 * unit);
    const waits = [4000, 3000, 0, 0];
    const rested: number[] = [];
    const account = run(trial.process, pages, {
      unit,
      rest: (ms) => rested.push(ms),
      rates: {
        mostBytes: PAGE_SIZE,
        take: (bytes) => bytes > PAGE_SIZE ? waits.shift()! : 0,
        settle: () => undefined,
      },
      dropUsed: (batch) => {
        if (rested.length === 2) batch.count = batch.pages = 0;
      },
    });
    // The first was used in the second wait; the other one need not wait.
    expect(account).toMatchObject({ asked: unit });
    expect(swappedOf(trial.process, pages.slice(0, unit))).toEqual([]);
    expect(Math.max(...rested)).toBeLessThan(1000);
  });

  test("goes on behind memory that is locked", async () => {
    const count = 600;
    const executable = compile(join(import.meta.dir, "../../tools/fixtures/locked_target.c"));
    const child = Bun.spawn([executable, String(count)], { stdout: "pipe" });
    try {
      const { value } = await child.stdout.getReader().read();
      const from = pageOf(Number(new TextDecoder().decode(value)));
      const pages = Array.from({ length: 3 * count }, (_, i) => from + i);
      using process = new OpenProcess(child.pid);
      const account = run(process, pages);
      expect(account.refused.get("locked, hugetlb or device memory" as Reason)).toBe(count);
      expect(account.moved).toBeGreaterThanOrEqual(2 * count * 0.95);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  test("counts pages that are not there any more as vanished, and asks for none of them", async () => {
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 2 ** 30 });
    const empty = areaOf(trial).map((page) => page - 100_000);
    const here = areaOf(trial).slice(0, 10);
    const account = run(trial.process, [...empty, ...here]);
    expect(account.vanished).toBeGreaterThanOrEqual(empty.length - 64);
    expect(account.vanished + account.asked).toBe(empty.length + here.length);
  });

  test("asks for nothing more when it is told to hold", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    let batches = 0;
    const hold = (): Reason | undefined =>
      ++batches > 2 ? "no swap space left" as Reason : undefined;
    // It is asked every 10 ms.
    const rest = (): void => Bun.sleepSync(10);
    const account = run(trial.process, areaOf(trial), { hold, rest });
    expect(account.held).toBe("no swap space left" as Reason);
    expect(account.asked).toBeGreaterThan(0);
    expect(account.asked).toBeLessThan(areaOf(trial).length);
  });

  test("accounts for what it knows when the process ends before a batch", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const pages = areaOf(trial);
    const dead = await TargetProcess.start({ hot: "none" });
    using mover = PROCESS_MADVISE.open(dead.process);
    await dead.end();
    const account = run(dead.process, pages, { mover });
    expect(account).toMatchObject({ asked: 0, moved: 0, held: "process gone" as Reason });
    dead[Symbol.dispose]();
  });

  test("accounts for the batch in hand when the process ends meanwhile", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const pages = areaOf(trial);
    const { pid } = trial;
    const mover = scripted(() => {
      // The process ends while the kernel is at work on it.
      process.kill(pid, "SIGKILL");
      while (trial.process.pagemap.isAlive(pages[0]!)) Bun.sleepSync(1);
      return [];
    });
    const account = run(trial.process, pages, { mover });
    expect(account.asked).toBeGreaterThan(0);
    expect(account.refused).toEqual(new Map([["process gone" as Reason, account.asked]]));
    expect(account.held).toBe("process gone" as Reason);
  });

  test("looks what has moved all the same when the mover fails", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const pages = areaOf(trial);
    using real = PROCESS_MADVISE.open(trial.process);
    const mover = scripted((batch) => {
      const half = { ...batch, count: batch.count / 2, pages: batch.pages / 2 };
      real.pageOut(half);
      throw new SystemCallError("write", ENOMEM);
    });
    const account = run(trial.process, pages, { mover });
    expect(account.held).toBe("write: ENOMEM" as Reason);
    expect(account.moved).toBeGreaterThan(0);
    expect([...account.refused.keys()]).toEqual(["write: ENOMEM" as Reason]);
    expect(account.asked).toBeLessThan(pages.length);
  });

  test("looks whole units up when they are huge", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const from = pageOf(trial.area.start);
    let isDone = false;
    using mover = PROCESS_MADVISE.open(trial.process);
    const account = pageOut({
      next: (batch) => {
        if (!isDone) { for (let i = 0; i < 4; i++) add(batch, from + 512 * i, 256); }
        isDone = true;
      },
      hold: () => undefined,
      rest: () => {},
      dirFd: trial.process.dirFd,
      mover,
      pagemap: trial.process.pagemap,
      moved: emptySet(),
    });
    expect(account.asked).toBe(1024);
    expect(account.moved).toBeGreaterThanOrEqual(1013);
  });
});

describe.skipIf(missing !== undefined)("the process_madvise mover", () => {
  test("open() fails as gone when the process has ended, and leaves no descriptor open", async () => {
    using trial = await TargetProcess.start();
    const { pid } = trial;
    await trial.end();
    const before = openDescriptors();
    const { dirFd, space } = trial.process;
    const target = { pid, dirFd, space };
    expect(() => PROCESS_MADVISE.open(target)).toThrow("ESRCH");
    expect(openDescriptors()).toEqual(before);
  });

  test("open() fails when the pid belongs to another process by now", async () => {
    using trial = await TargetProcess.start();
    using other = await TargetProcess.start();
    await trial.end();
    // The folder is that of the selected process, the pid has become that of the other one.
    const { dirFd, space } = trial.process;
    const target = { pid: other.pid, dirFd, space };
    const before = pidDescriptorsOf(other.pid);
    expect(() => PROCESS_MADVISE.open(target)).toThrow("ESRCH");
    expect(pidDescriptorsOf(other.pid)).toBe(before);
  });

  test("pageOut() refuses what is not mapped and does the rest", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const [first] = areaOf(trial);
    const batch = { count: 0, pages: 0, page: new Float64Array(8), size: new Uint32Array(8) };
    add(batch, 1, 1);
    add(batch, 3, 2);
    add(batch, first!, 4);
    using mover = PROCESS_MADVISE.open(trial.process);
    expect(mover.pageOut(batch)).toEqual([
      { reason: "not mapped any more" as Reason, page: 1, pages: 1 },
      { reason: "not mapped any more" as Reason, page: 3, pages: 2 },
    ]);
    expect(swappedOf(trial.process, [first!, first! + 3])).toHaveLength(2);
  });

  test("pageOut() takes more ranges than a system call does", async () => {
    using trial = await TargetProcess.start({ hot: "none", sizeBytes: 16 * 2 ** 20 });
    const pages = areaOf(trial).filter((_, i) => i % 2 === 0);
    expect(pages.length).toBeGreaterThan(1024);
    const batch: PageBatch = {
      count: pages.length,
      pages: pages.length,
      page: Float64Array.from(pages),
      size: new Uint32Array(pages.length).fill(1),
    };
    using mover = PROCESS_MADVISE.open(trial.process);
    expect(mover.pageOut(batch)).toEqual([]);
    expect(swappedOf(trial.process, areaOf(trial)).length).toBeGreaterThan(pages.length * 0.95);
  });
});
