import { describe, expect, test } from "bun:test";
import { pause, untilAborted } from "../../../src/async/abortable.ts";
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
