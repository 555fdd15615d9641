import { describe, expect, test } from "bun:test";
import { Semaphore } from "../../../src/async/semaphore.ts";

describe("Semaphore", () => {
  test("run() has no more at work than there are slots, and keeps their order", async () => {
    const slots = new Semaphore(3);
    let atWork = 0;
    let most = 0;
    const begun: number[] = [];
    const wave = (first: number) =>
      Promise.all(Array.from({ length: 20 }, (_, k) =>
        slots.run(async () => {
          begun.push(first + k);
          most = Math.max(most, ++atWork);
          for (let pause = 0; pause < k % 5; pause++) await Promise.resolve();
          atWork--;
        })));
    await wave(0);
    // Not one more when the slots have been handed on.
    await wave(20);
    expect(most).toBe(3);
    expect(begun).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  test("run() gives the slot back when the work fails", async () => {
    const slots = new Semaphore(1);
    const outcome = slots.run(() => Promise.reject(new Error("no"))).catch(String);
    expect(await outcome).toBe("Error: no");
    expect(await slots.run(() => Promise.resolve(7))).toBe(7);
  });

  test("take() gives up when its signal is aborted, and takes nothing then", async () => {
    const slots = new Semaphore(1);
    const { signal } = new AbortController();
    const aborted = new AbortController();
    await slots.take(signal);
    const order: string[] = [];
    const waiting = ["a", "b"].map((name) => slots.take(signal).then(() => order.push(name)));
    const givenUp = slots.take(aborted.signal).catch(String);
    aborted.abort(new Error("stopped"));
    expect(await givenUp).toBe("Error: stopped");
    expect(await slots.take(aborted.signal).catch(String)).toBe("Error: stopped");
    expect(order).toEqual([]);
    slots.giveBack();
    slots.giveBack();
    await Promise.all(waiting);
    expect(order).toEqual(["a", "b"]);
  });

  test("giveBack() lets nobody begin while more were taken than there are", async () => {
    const slots = new Semaphore(1);
    slots.takeAnyway();
    slots.takeAnyway();
    let isTaken = false;
    const waiting = slots.take().then(() => isTaken = true);
    slots.giveBack();
    await Bun.sleep(0);
    expect(isTaken).toBe(false);
    slots.giveBack();
    expect(await waiting).toBe(true);
  });
});
