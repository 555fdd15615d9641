import { describe, expect, test } from "bun:test";
import { MoveSwitch } from "../../../../src/engine/cslide/move_switch.ts";

/** Whether a promise is settled once everything that could settle it by itself has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await new Promise((resolve) => setImmediate(resolve));
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}

describe("MoveSwitch", () => {
  test("moveUnlessOff() moves until the switch is off, in every thread that has its words", async () => {
    const own = new MoveSwitch();
    const others = new MoveSwitch(own.words);
    expect(own.moveUnlessOff(() => 7)).toBe(7);
    expect([own.isOff, others.isOff]).toEqual([false, false]);
    await own.turnOff();
    expect([own.isOff, others.isOff]).toEqual([true, true]);
    expect(others.moveUnlessOff(() => 7)).toBeUndefined();
  });

  test("turnOff() waits for the move that has begun, and for no longer", async () => {
    const own = new MoveSwitch();
    const others = new MoveSwitch(own.words);
    let off: Promise<void> | undefined;
    let wasOff: boolean | undefined;
    others.moveUnlessOff(() => {
      off = own.turnOff();
      wasOff = others.isOff;
    });
    expect(wasOff).toBe(true);
    await off;

    const again = new MoveSwitch();
    Atomics.store(again.words, 1, 1);
    const waits = again.turnOff();
    expect(await isSettled(waits)).toBe(false);
    Atomics.store(again.words, 1, 0);
    Atomics.notify(again.words, 1);
    await waits;
  });

  test("moveUnlessOff() counts a move that fails as over", async () => {
    const own = new MoveSwitch();
    expect(() =>
      own.moveUnlessOff(() => {
        throw new Error("no");
      })
    ).toThrow("no");
    await own.turnOff();
  });
});
