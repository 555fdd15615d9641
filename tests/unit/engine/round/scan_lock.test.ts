import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type ScanHold, ScanLock } from "../../../../src/engine/round/scan_lock.ts";

const { signal: never } = new AbortController();
const tasks = [{ name: "a" }, { name: "b" }, { name: "c" }] as const;
const [a, b] = tasks;
type Task = (typeof tasks)[number];

/** The state of a promise after all that is due has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  for (let i = 0; i < 20; i++) await Promise.resolve();
  return settled;
}

describe("ScanLock", () => {
  test("acquire() lets one task at a process, the others in order", async () => {
    const lock = new ScanLock();
    const first = await lock.acquire("1:1", a, never);
    const second = lock.acquire("1:1", b, never);
    const third = lock.acquire("1:1", a, never);
    expect(await isSettled(second)).toBe(false);
    first?.release(true);
    const hold = await second;
    expect(await isSettled(third)).toBe(false);
    hold?.release(true);
    expect(await isSettled(third)).toBe(true);
  });

  test("acquire() keeps processes apart", async () => {
    const lock = new ScanLock();
    await lock.acquire("1:1", a, never);
    expect(await isSettled(lock.acquire("1:2", b, never))).toBe(true);
  });

  test("acquire() says whether another task has scanned since", async () => {
    const lock = new ScanLock();
    const order = [a, a, b, b, a] as const;
    const stale: (boolean | undefined)[] = [];
    for (const task of order) {
      const hold = await lock.acquire("1:1", task, never);
      stale.push(hold?.isStale);
      hold?.release(true);
    }
    expect(stale).toEqual([true, false, true, false, true]);
  });

  test("acquire() says so until the task has scanned itself, however often it has the lock without", async () => {
    const lock = new ScanLock();
    const order = [[a, true], [b, false], [a, false], [b, true], [a, false], [a, true], [
      a,
      true,
    ]] as const;
    const stale: (boolean | undefined)[] = [];
    for (const [task, hasScanned] of order) {
      const hold = await lock.acquire("1:1", task, never);
      stale.push(hold?.isStale);
      hold?.release(hasScanned);
    }
    expect(stale).toEqual([true, true, false, true, true, true, false]);
  });

  test("acquire() waits no longer when the signal comes, and the others still get the lock", async () => {
    const lock = new ScanLock();
    const first = await lock.acquire("1:1", a, never);
    const controller = new AbortController();
    const second = lock.acquire("1:1", b, controller.signal);
    const third = lock.acquire("1:1", a, never);
    controller.abort();
    expect(await second).toBeUndefined();
    expect(await isSettled(third)).toBe(false);
    first?.release(true);
    // No other task has scanned it.
    expect((await third)?.isStale).toBe(false);
    expect(await lock.acquire("2:2", a, controller.signal)).toBeUndefined();
  });

  test("forgetAllBut() forgets what a task was the last to scan, unless a task holds its lock", async () => {
    const lock = new ScanLock();
    (await lock.acquire("gone", a, never))?.release(true);
    (await lock.acquire("stays", a, never))?.release(true);
    (await lock.acquire("others", b, never))?.release(true);
    await lock.acquire("at work", a, never);
    await lock.acquire("never begun", a, AbortSignal.abort());
    lock.forgetAllBut(new Set(["stays"]), a);
    expect(lock.size).toBe(3);
    expect((await lock.acquire("stays", a, never))?.isStale).toBe(false);
  });

  test("forgetAllBut() forgets a process for good when its scanner went while another held the lock", async () => {
    const lock = new ScanLock();
    (await lock.acquire("1:1", b, never))?.release(true);
    const hold = await lock.acquire("1:1", a, never);
    lock.forgetAllBut(new Set(), b);
    hold?.release(false);
    expect((await lock.acquire("1:1", a, AbortSignal.abort()))?.isStale).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    lock.forgetAllBut(new Set(), a);
    expect(lock.size).toBe(0);
  });

  test("never has two at a process, and forgets all in the end, whatever is asked", async () => {
    const step = fc.record({
      task: fc.constantFrom(...tasks),
      key: fc.constantFrom("x", "y"),
      abort: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      holdFor: fc.integer({ min: 0, max: 6 }),
      hasScanned: fc.boolean(),
    });
    const manyAborted = Array.from(
      { length: 20 },
      () => ({ task: a as Task, key: "x" as const, abort: true, holdFor: 0, hasScanned: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const lock = new ScanLock();
        const atWork = new Map<string, number>();
        const run = async ({ task, key, abort, holdFor, hasScanned }: (typeof steps)[number]) => {
          const controller = new AbortController();
          const waiting: Promise<ScanHold | undefined> = lock.acquire(key, task, controller.signal);
          if (abort) controller.abort();
          const hold = await waiting;
          if (hold === undefined) return;
          atWork.set(key, (atWork.get(key) ?? 0) + 1);
          expect(atWork.get(key)).toBe(1);
          for (let i = 0; i < holdFor; i++) await Promise.resolve();
          atWork.set(key, 0);
          hold.release(hasScanned);
        };
        await Promise.all(steps.map(run));
        // Locks of tasks that gave up pass one after the other, in microtasks.
        await new Promise((resolve) => setImmediate(resolve));
        for (const task of tasks) lock.forgetAllBut(new Set(), task);
        expect(lock.size).toBe(0);
      }),
      { numRuns: 100, examples: [[manyAborted]] },
    );
  });
});
