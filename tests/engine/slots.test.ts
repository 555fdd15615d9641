import { describe, expect, test } from "bun:test";
import { Slots } from "../../src/engine/slots.ts";

describe("Slots", () => {
  test("run() has no more at work than there are slots, and keeps their order", async () => {
    const slots = new Slots(3);
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
    const slots = new Slots(1);
    const outcome = slots.run(() => Promise.reject(new Error("no"))).catch(String);
    expect(await outcome).toBe("Error: no");
    expect(await slots.run(() => Promise.resolve(7))).toBe(7);
  });
});
