import { describe, expect, test } from "bun:test";
import { pause } from "../../../src/async/pause.ts";

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
