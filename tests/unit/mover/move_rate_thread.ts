import { monotonicMs } from "../../../ffi/libc.ts";
import { MoveRate, type MoveRateData } from "../../../src/mover/move_rate.ts";

/** What a thread is to do. */
export interface RateThreadOrder {
  readonly rate: MoveRateData;
  /** By monotonicMs(). */
  readonly untilMs: number;
  /** It ends before, once so many pieces have moved. */
  readonly mostPieces?: number;
}

/** Bytes that moved. */
export interface MovedPiece {
  /** By one clock for all threads. */
  readonly ms: number;
  readonly bytes: number;
}

/** A thread that moves as much as it may, and says what and when. */
if (!Bun.isMainThread) {
  addEventListener("message", ({ data }: MessageEvent<RateThreadOrder>) => {
    const rate = new MoveRate(data.rate);
    const pieces: MovedPiece[] = [];
    const { mostPieces = Number.POSITIVE_INFINITY } = data;
    while (pieces.length < mostPieces && monotonicMs() < data.untilMs) {
      const bytes = Math.floor(rate.mostBytes / 3);
      const waitMs = rate.take(bytes);
      if (waitMs > 0) {
        Bun.sleepSync(waitMs);
        continue;
      }
      pieces.push({ ms: monotonicMs(), bytes });
      rate.settle(bytes, bytes);
    }
    postMessage(pieces);
  });
}
