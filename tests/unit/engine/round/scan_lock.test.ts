import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ScanLock, type Turn } from "../../../../src/engine/round/scan_lock.ts";

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
  test("take() lets one task at a process, the others in order", async () => {
    const turns = new ScanLock();
    const first = await turns.take("1:1", a, never);
    const second = turns.take("1:1", b, never);
    const third = turns.take("1:1", a, never);
    expect(await isSettled(second)).toBe(false);
    first?.end(true);
    const turn = await second;
    expect(await isSettled(third)).toBe(false);
    turn?.end(true);
    expect(await isSettled(third)).toBe(true);
  });

  test("take() keeps processes apart", async () => {
    const turns = new ScanLock();
    await turns.take("1:1", a, never);
    expect(await isSettled(turns.take("1:2", b, never))).toBe(true);
  });

  test("take() says whether another task has scanned since", async () => {
    const turns = new ScanLock();
    const order = [a, a, b, b, a] as const;
    const stale: (boolean | undefined)[] = [];
    for (const task of order) {
      const turn = await turns.take("1:1", task, never);
      stale.push(turn?.isStale);
      turn?.end(true);
    }
    expect(stale).toEqual([true, false, true, false, true]);
  });

  test("take() says so until the task has scanned itself, however many turns it ends without", async () => {
    const turns = new ScanLock();
    const order = [[a, true], [b, false], [a, false], [b, true], [a, false], [a, true], [
      a,
      true,
    ]] as const;
    const stale: (boolean | undefined)[] = [];
    for (const [task, hasScanned] of order) {
      const turn = await turns.take("1:1", task, never);
      stale.push(turn?.isStale);
      turn?.end(hasScanned);
    }
    expect(stale).toEqual([true, true, false, true, true, true, false]);
  });

  test("take() waits no longer when the signal comes, and the others still get their turns", async () => {
    const turns = new ScanLock();
    const first = await turns.take("1:1", a, never);
    const controller = new AbortController();
    const second = turns.take("1:1", b, controller.signal);
    const third = turns.take("1:1", a, never);
    controller.abort();
    expect(await second).toBeUndefined();
    expect(await isSettled(third)).toBe(false);
    first?.end(true);
    // Nobody else has scanned it.
    expect((await third)?.isStale).toBe(false);
    expect(await turns.take("2:2", a, controller.signal)).toBeUndefined();
  });

  test("keepOnly() forgets what a task was the last to scan, unless somebody is at it", async () => {
    const turns = new ScanLock();
    (await turns.take("gone", a, never))?.end(true);
    (await turns.take("stays", a, never))?.end(true);
    (await turns.take("others", b, never))?.end(true);
    await turns.take("at work", a, never);
    await turns.take("never begun", a, AbortSignal.abort());
    turns.keepOnly(new Set(["stays"]), a);
    expect(turns.size).toBe(3);
    expect((await turns.take("stays", a, never))?.isStale).toBe(false);
  });

  test("keepOnly() leaves nobody a process whose scanner went while another was at it", async () => {
    const turns = new ScanLock();
    (await turns.take("1:1", b, never))?.end(true);
    const turn = await turns.take("1:1", a, never);
    turns.keepOnly(new Set(), b);
    turn?.end(false);
    expect((await turns.take("1:1", a, AbortSignal.abort()))?.isStale).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    turns.keepOnly(new Set(), a);
    expect(turns.size).toBe(0);
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
        const turns = new ScanLock();
        const atWork = new Map<string, number>();
        const run = async ({ task, key, abort, holdFor, hasScanned }: (typeof steps)[number]) => {
          const controller = new AbortController();
          const waiting: Promise<Turn | undefined> = turns.take(key, task, controller.signal);
          if (abort) controller.abort();
          const turn = await waiting;
          if (turn === undefined) return;
          atWork.set(key, (atWork.get(key) ?? 0) + 1);
          expect(atWork.get(key)).toBe(1);
          for (let i = 0; i < holdFor; i++) await Promise.resolve();
          atWork.set(key, 0);
          turn.end(hasScanned);
        };
        await Promise.all(steps.map(run));
        // Turns that nobody took pass one after the other, in microtasks.
        await new Promise((resolve) => setImmediate(resolve));
        for (const task of tasks) turns.keepOnly(new Set(), task);
        expect(turns.size).toBe(0);
      }),
      { numRuns: 100, examples: [[manyAborted]] },
    );
  });
});
