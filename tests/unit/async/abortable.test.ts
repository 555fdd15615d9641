import { describe, expect, test } from "bun:test";
import { onAbort, pause, untilAborted } from "../../../src/async/abortable.ts";
import { Semaphore } from "../../../src/async/semaphore.ts";
import { ScanLock } from "../../../src/engine/round/scan_lock.ts";
import { messageOf } from "../../../src/text/message_of.ts";

describe("pause()", () => {
  test("is true when the time is over", async () => {
    const { signal } = new AbortController();
    expect(await pause(1, signal)).toBe(true);
    expect(await pause(0, signal)).toBe(true);
    expect(await pause(-5, signal)).toBe(true);
  });

  test("is false as soon as the signal comes, however long the time is", async () => {
    const controller = new AbortController();
    const waiting = pause(1_200_000, controller.signal);
    controller.abort();
    expect(await waiting).toBe(false);
    expect(await pause(1_200_000, controller.signal)).toBe(false);
  });
});

/** A signal that counts its listeners. */
function counted(): { controller: AbortController; count: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  let count = 0;
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  return { controller, count: () => count };
}

describe("onAbort()", () => {
  test("calls back once, and not when the wait was ended", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const note = (): void => void calls.push("twice");
    onAbort(controller.signal, note);
    onAbort(controller.signal, note);
    const end = onAbort(controller.signal, () => calls.push("ended"));
    end();
    onAbort(controller.signal, () => calls.push("last"));
    controller.abort();
    expect(calls).toEqual(["twice", "twice", "last"]);
  });

  test("gives a signal one listener, however much waits for it and in whatever way", async () => {
    const { controller, count } = counted();
    const { signal } = controller;
    const semaphore = new Semaphore(1);
    await semaphore.take();
    const scanLock = new ScanLock();
    const held = await scanLock.acquire("1:1", {}, signal);
    const waits: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) {
      waits.push(
        pause(60_000, signal),
        untilAborted(signal, new Promise(() => {})).catch(() => {}),
        semaphore.take(signal).catch(() => {}),
        scanLock.acquire("1:1", {}, signal),
      );
    }
    expect(count()).toBe(1);
    controller.abort();
    await Promise.all(waits);
    held?.release(true);
    expect(count()).toBe(1);
  });
});

describe("untilAborted()", () => {
  test("is what the work comes to, or throws what it throws", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(signal, Promise.resolve(7))).toBe(7);
    const failed = Promise.reject(new RangeError("no"));
    expect(await untilAborted(signal, failed).catch(messageOf)).toBe("no");
  });

  test("throws the reason of the signal as soon as it fires, though the work goes on", async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<void>();
    const waiting = untilAborted(controller.signal, work.promise);
    controller.abort(new Error("enough"));
    expect(await waiting.catch(messageOf)).toBe("enough");
    const late = untilAborted(controller.signal, work.promise);
    expect(await late.catch(messageOf)).toBe("enough");
    work.resolve();
  });
});
