import { describe, expect, test } from "bun:test";
import { Slots } from "../../src/engine/slots.ts";

describe("Slots", () => {
  test("run() has no more at work than there are slots, and keeps their order", async () => {
    const slots = new Slots(3);
    let atWork = 0;
    let most = 0;
    const begun: number[] = [];
    await Promise.all(Array.from({ length: 20 }, (_, i) =>
      slots.run(async () => {
        begun.push(i);
        most = Math.max(most, ++atWork);
        for (let k = 0; k < i % 5; k++) await Promise.resolve();
        atWork--;
      })));
    expect(most).toBe(3);
    expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("run() gives the slot back when the work fails", async () => {
    const slots = new Slots(1);
    const outcome = slots.run(() => Promise.reject(new Error("no"))).catch(String);
    expect(await outcome).toBe("Error: no");
    expect(await slots.run(() => Promise.resolve(7))).toBe(7);
  });
});
