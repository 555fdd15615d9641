import { describe, expect, test } from "bun:test";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";

/** Whether a promise is settled once everything that could settle it by itself has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await new Promise((resolve) => setImmediate(resolve));
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}

describe("StopFlag", () => {
  test("moveUnlessRaised() moves until the flag is raised, in every thread that has its words", async () => {
    const own = new StopFlag();
    const others = new StopFlag(own.words);
    expect(own.moveUnlessRaised(() => 7)).toBe(7);
    expect([own.isRaised, others.isRaised]).toEqual([false, false]);
    await own.raise();
    expect([own.isRaised, others.isRaised]).toEqual([true, true]);
    expect(others.moveUnlessRaised(() => 7)).toBeUndefined();
  });

  test("raise() waits for the move that has begun, and for no longer", async () => {
    const own = new StopFlag();
    const others = new StopFlag(own.words);
    let stopped: Promise<void> | undefined;
    let wasRaised: boolean | undefined;
    others.moveUnlessRaised(() => {
      stopped = own.raise();
      wasRaised = others.isRaised;
    });
    expect(wasRaised).toBe(true);
    await stopped;

    const again = new StopFlag();
    Atomics.store(again.words, 1, 1);
    const waits = again.raise();
    expect(await isSettled(waits)).toBe(false);
    Atomics.store(again.words, 1, 0);
    Atomics.notify(again.words, 1);
    await waits;
  });

  test("moveUnlessRaised() counts a move that fails as over", async () => {
    const own = new StopFlag();
    expect(() =>
      own.moveUnlessRaised(() => {
        throw new Error("no");
      })
    ).toThrow("no");
    await own.raise();
  });
});
