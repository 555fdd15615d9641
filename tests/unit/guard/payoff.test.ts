import { describe, expect, test } from "bun:test";
import { Payoff, whyNotWorth } from "../../../src/guard/payoff.ts";

const MIB = 2 ** 20;
const MINUTE_MS = 60_000;
const moved = (movedMib: number, freedMib: number, unwrittenMib = 0) => ({
  movedBytes: movedMib * MIB,
  freedBytes: freedMib * MIB,
  unwrittenBytes: unwrittenMib * MIB,
});
const BAD = moved(16, 1);

describe("whyNotWorth()", () => {
  test("names a move of 16 MiB or more that frees less than a tenth", () => {
    expect(whyNotWorth(moved(16, 1.5))).toContain("less than a tenth");
    expect(whyNotWorth(moved(16, -1))).toContain("less than a tenth");
    expect(whyNotWorth(moved(16, 1.6))).toBeUndefined();
    expect(whyNotWorth(moved(15.9, 0))).toBeUndefined();
  });

  test("names swap space that takes less than half of the writes", () => {
    expect(whyNotWorth(moved(0, 0, 0.1))).toContain("cannot be written");
    expect(whyNotWorth(moved(4, 4, 4))).toBeUndefined();
  });
});

describe("Payoff", () => {
  test("pauses after each bad move for twice as long, an hour at most", () => {
    const payoff = new Payoff();
    expect(payoff.pausedFor(0)).toBeUndefined();
    let nowMs = 0;
    const pauses: number[] = [];
    for (let tries = 0; tries < 8; tries++) {
      payoff.note(BAD, nowMs);
      pauses.push(payoff.pausedFor(nowMs)!.ms / MINUTE_MS);
      nowMs += payoff.pausedFor(nowMs)!.ms;
      expect(payoff.pausedFor(nowMs - 1)).toBeDefined();
      expect(payoff.pausedFor(nowMs)).toBeUndefined();
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test("never pauses for less than the time to the next move", () => {
    const payoff = new Payoff();
    payoff.note(BAD, 0, 90 * MINUTE_MS);
    expect(payoff.pausedFor(0)?.ms).toBe(90 * MINUTE_MS);
    payoff.note(BAD, 0, 90 * MINUTE_MS);
    expect(payoff.pausedFor(0)?.ms).toBe(90 * MINUTE_MS);
  });

  test("begins anew after a move that paid, and not after one that is too small to tell", () => {
    const payoff = new Payoff();
    payoff.note(BAD, 0);
    payoff.note(moved(1, 1), 0);
    expect(payoff.toData().failures).toBe(1);
    const again = new Payoff(payoff.toData());
    expect(again.pausedFor(0)).toEqual(payoff.pausedFor(0));
    again.note(moved(16, 8), 0);
    expect(again.pausedFor(0)).toBeUndefined();
    again.note(BAD, 0);
    expect(again.pausedFor(0)?.ms).toBe(MINUTE_MS);
  });

  test("begins anew after a small move as well when swap space had taken no writes", () => {
    const payoff = new Payoff();
    payoff.note(moved(0, 0, 1), 0);
    payoff.note(moved(0, 0, 0), 0);
    expect(payoff.toData().failures).toBe(1);
    payoff.note(moved(1, 1), 0);
    expect(payoff.toData().failures).toBe(0);
  });
});
