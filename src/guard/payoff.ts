import { because, type Reason } from "../reason/reasons.ts";

/** A move of less is too small to be judged. */
const LEAST_BYTES = 16 * 2 ** 20;
/** It has to free so much of what moves. */
const LEAST_SHARE = 0.1;
/** The first pause, and the longest. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** A Payoff as plain data. */
export interface PayoffData {
  /** Tries that did not pay, one after the other. */
  readonly failures: number;
  /** By monotonicMs(): nothing moves until then. */
  readonly untilMs: number;
  readonly reason: Reason;
}

const UNWRITABLE = because("swap_not_writable");

/** Nothing has failed: the reason is not looked at. */
const PAYS: PayoffData = { failures: 0, untilMs: 0, reason: because("frees_nothing") };

/** What a move came to. */
export interface MoveResult {
  readonly movedBytes: number;
  readonly freedBytes: number;
  /** Not moved, since the swap space could not be written. */
  readonly unwrittenBytes: number;
}

/**
 * Stops moves that do not pay: those that free hardly any DRAM, since the compressed copies take as
 * much, and those that swap space takes no more. They are tried again, after pauses that double.
 */
export class Payoff {
  #data: PayoffData;

  constructor(data: PayoffData = PAYS) {
    this.#data = data;
  }

  toData(): PayoffData {
    return this.#data;
  }

  /** Why nothing is to be moved, and for how many milliseconds; undefined when it may be. */
  pausedFor(nowMs: number): { readonly reason: Reason; readonly ms: number } | undefined {
    const { untilMs, reason } = this.#data;
    return nowMs < untilMs ? { reason, ms: untilMs - nowMs } : undefined;
  }

  /**
   * Judges a move.
   * @param leastPauseMs a shorter pause would let the next move go on.
   * @returns why the next one has to wait; undefined when it need not.
   */
  note(result: MoveResult, nowMs: number, leastPauseMs = 0): Reason | undefined {
    const reason = whyNotWorth(result);
    if (reason !== undefined) {
      const { failures } = this.#data;
      const pauseMs = Math.max(FIRST_PAUSE_MS, leastPauseMs) * 2 ** failures;
      const untilMs = nowMs + Math.min(pauseMs, Math.max(LONGEST_PAUSE_MS, leastPauseMs));
      this.#data = { failures: failures + 1, untilMs, reason };
    } else if (result.movedBytes >= (this.#data.reason === UNWRITABLE ? 1 : LEAST_BYTES)) {
      // That swap space takes writes again, a small move shows, too.
      this.#data = PAYS;
    }
    return reason;
  }
}

/** @returns why there is no point in moving more. */
export function whyNotWorth(
  { movedBytes, freedBytes, unwrittenBytes }: MoveResult,
): Reason | undefined {
  if (unwrittenBytes > movedBytes) return UNWRITABLE;
  const isMuch = movedBytes >= LEAST_BYTES;
  return isMuch && freedBytes < LEAST_SHARE * movedBytes ? because("frees_nothing") : undefined;
}
