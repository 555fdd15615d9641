import { describe, expect, test } from "bun:test";
import { monotonicMs } from "../../../ffi/libc.ts";
import { MoveRate, MoveRates } from "../../../src/mover/move_rate.ts";
import { Random } from "../../tools/fixtures/random.ts";
import { SEED } from "../../tools/fixtures/seed.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { MovedPiece, RateThreadOrder } from "./move_rate_thread.ts";

const MIB = 2 ** 20;
/** Of MoveRate: words of its lock, and how long a bucket is. */
const FREE = 0;
const TAKEN = 1;
const BUCKET_MS = 5;
const THREAD = new URL("./move_rate_thread.ts", import.meta.url).href;

/** The most that moved in a second. */
function mostOf(pieces: readonly MovedPiece[]): number {
  const moved = pieces.toSorted((a, b) => a.ms - b.ms);
  let sum = 0;
  let first = 0;
  let most = 0;
  for (const { ms, bytes } of moved) {
    sum += bytes;
    while (moved[first]!.ms <= ms - 1000) sum -= moved[first++]!.bytes;
    most = Math.max(most, sum);
  }
  return most;
}

function totalOf(pieces: readonly MovedPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Threads that move as much as they may.
 * @param longestMs a request takes so long at most: it moves its bytes at some time in between.
 */
function simulate(rate: number, threads: number, seconds: number, longestMs: number): MovedPiece[] {
  const random = new Random(SEED);
  const shared = new MoveRate(rate);
  const pieces: MovedPiece[] = [];
  const wakes = Array.from({ length: threads }, () => ({ ms: 0, taken: 0 }));
  for (;;) {
    const thread = wakes.reduce((a, b) => (b.ms < a.ms ? b : a));
    if (thread.ms > seconds * 1000) return pieces;
    if (thread.taken > 0) {
      shared.settle(thread.taken, thread.taken, thread.ms);
      thread.taken = 0;
      continue;
    }
    const bytes = Math.max(1, Math.floor(shared.mostBytes * random.next()));
    const waitMs = shared.take(bytes, thread.ms);
    if (waitMs > 0) {
      thread.ms += waitMs;
      continue;
    }
    const tookMs = Math.max(0.1, longestMs * random.next());
    pieces.push({ ms: thread.ms + tookMs * random.next(), bytes });
    thread.taken = bytes;
    thread.ms += tookMs;
  }
}

/** Has a thread of its own move as much as it may. */
async function runThread(
  rate: MoveRate,
  order: Omit<RateThreadOrder, "rate">,
): Promise<MovedPiece[]> {
  const worker = new Worker(THREAD);
  const { promise, resolve } = Promise.withResolvers<MovedPiece[]>();
  worker.addEventListener("message", ({ data }: MessageEvent<MovedPiece[]>) => resolve(data));
  worker.postMessage({ rate: rate.toData(), ...order } satisfies RateThreadOrder);
  const found = await promise;
  worker.terminate();
  return found;
}

describe("MoveRate", () => {
  for (
    const [rate, threads, longestMs] of [[MIB, 1, 1], [50 * MIB, 3, 2], [MIB, 9, 400]] as const
  ) {
    const name = `${rate / MIB} MiB/s, ${threads} threads, requests of up to ${longestMs} ms`;
    test(`exceeds its rate in no second by more than 5 % (${name})`, () => {
      expect(mostOf(simulate(rate, threads, 30, longestMs))).toBeLessThanOrEqual(rate * 1.05);
    });
  }

  test("lets nearly as much go as it may", () => {
    expect(totalOf(simulate(10 * MIB, 2, 30, 1))).toBeGreaterThan(30 * 10 * MIB * 0.85);
  });

  test("lets a unit that is larger than its rate go alone, and nothing for as long after it", () => {
    const rate = new MoveRate(MIB);
    expect(rate.take(4096, 1000)).toBe(0);
    expect(rate.take(2 * MIB, 1000)).toBeGreaterThan(0);
    rate.settle(4096, 4096, 1001);
    expect(rate.take(2 * MIB, 1002)).toBeGreaterThan(0);
    expect(rate.take(2 * MIB, 1200)).toBe(0);
    expect(rate.take(4096, 1200)).toBeGreaterThan(0);
    rate.settle(2 * MIB, 2 * MIB, 1210);
    expect(rate.take(4096, 3209)).toBeGreaterThan(0);
    expect(rate.take(4096, 3211)).toBe(0);
  });

  test("keeps such a unit's turn from others that always have something to move", () => {
    const rate = new MoveRate(MIB);
    let wentMs: number | undefined;
    let turnMs = 0;
    for (let ms = 1000; ms < 3000 && wentMs === undefined; ms += 2) {
      if (rate.take(rate.mostBytes / 4, ms) === 0) {
        rate.settle(rate.mostBytes / 4, rate.mostBytes / 4, ms);
      }
      if (ms < Math.max(1500, turnMs)) continue;
      const waitMs = rate.take(2 * MIB, ms);
      turnMs = ms + waitMs;
      if (waitMs === 0) wentMs = ms;
    }
    expect(wentMs).toBeLessThan(1700);
  });

  test("does not keep the turn of one that does not come again", () => {
    const rate = new MoveRate(MIB);
    expect(rate.take(4096, 1000)).toBe(0);
    rate.settle(4096, 4096, 1000);
    expect(rate.take(2 * MIB, 1000)).toBeGreaterThan(0);
    expect(rate.take(4096, 1001)).toBeGreaterThan(0);
    expect(rate.take(4096, 1200)).toBe(0);
  });

  test("does not wait for requests that the kernel holds", () => {
    const rate = new MoveRate(MIB);
    const half = rate.mostBytes;
    for (let i = 0; i < 2; i++) expect(rate.take(half, 1000)).toBe(0);
    expect(rate.take(half, 5900)).toBeGreaterThan(0);
    expect(rate.take(half, 6100)).toBe(0);
    rate.settle(half, 0, 6200);
    // What ends after all makes no more room than there was.
    for (let i = 0; i < 2; i++) rate.settle(half, 0, 6300);
    for (let i = 0; i < 2; i++) expect(rate.take(half, 6400)).toBe(0);
    expect(rate.take(half, 6400)).toBeGreaterThan(0);
  });

  test("counts what has moved, not what was asked for", () => {
    const rate = new MoveRate(MIB);
    for (let i = 0; i < 100; i++) {
      expect(rate.take(rate.mostBytes, 1000)).toBe(0);
      rate.settle(rate.mostBytes, 0, 1000);
    }
  });

  test("is shared by threads", async () => {
    const rate = new MoveRate(20 * MIB);
    const pieces = await Promise.all(
      Array.from({ length: 3 }, () => runThread(rate, { untilMs: monotonicMs() + 2500 })),
    );
    expect(pieces.flat().length).toBeGreaterThan(0);
    expect(mostOf(pieces.flat())).toBeLessThanOrEqual(20 * MIB * 1.05);
    // Nothing is on its way any more.
    expect(rate.take(2 * rate.mostBytes, monotonicMs() + 1000)).toBe(0);
  });

  test("a thread that waited for the lock does not take the time before its wait for now", async () => {
    const rate = new MoveRate(MIB);
    const lock = new Int32Array(rate.toData().shared, 0, 1);
    Atomics.store(lock, 0, TAKEN);
    const moved = runThread(rate, { untilMs: Number.POSITIVE_INFINITY, mostPieces: 1 });
    await waitFor("a thread to wait for the lock", () => Atomics.notify(lock, 0) === 1);
    await Bun.sleep(2 * BUCKET_MS);
    // The thread goes on sleeping until this settle() gives the lock back.
    Atomics.store(lock, 0, FREE);
    const settledMs = monotonicMs();
    rate.settle(0, 2 * rate.mostBytes);
    expect((await moved)[0]!.ms).toBeGreaterThanOrEqual(settledMs + 100);
  });
});

describe("MoveRates", () => {
  test("takes from all of them or from none", () => {
    const slow = new MoveRate(MIB);
    const fast = new MoveRate(100 * MIB);
    const rates = new MoveRates([fast.toData(), slow.toData()]);
    expect(rates.mostBytes).toBe(slow.mostBytes);
    expect(slow.take(2 * slow.mostBytes)).toBe(0);
    expect(rates.take(4096)).toBeGreaterThan(0);
    expect(fast.take(2 * fast.mostBytes)).toBe(0);
  });

  test("lets all go where there is none", () => {
    const rates = new MoveRates([]);
    expect([rates.mostBytes, rates.take(2 ** 40)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});
