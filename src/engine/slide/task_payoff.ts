import { SystemCallError } from "../../../ffi/errno.ts";
import { monotonicMs } from "../../../ffi/libc.ts";
import { Payoff } from "../../guard/payoff.ts";
import { log } from "../../log/logger.ts";
import { UNWRITTEN } from "../../mover/page_out.ts";
import { ProcfsError } from "../../procfs/read_file.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { RoundStatus } from "../../status/round_status.ts";
import { formatDuration } from "../../text/quantities.ts";
import { describeSwap } from "../round/swap_space.ts";

/** Pauses a task whose rounds do not pay, and says where its memory goes. */
export class TaskPayoff {
  readonly #payoff = new Payoff();
  readonly #label: string;
  readonly #roundMs: number;
  #swap: string | undefined;

  /** @param label of the task in the log. @param roundMs from a round to the next. */
  constructor(label: string, roundMs: number) {
    this.#label = label;
    this.#roundMs = roundMs;
  }

  /** Asked before a round. @returns why it is left out. */
  heldBack(): Reason | undefined {
    this.#noteSwap();
    const paused = this.#payoff.pausedFor(monotonicMs());
    if (paused === undefined) return undefined;
    const left = formatDuration(Math.ceil(paused.ms / 1000) * 1e6);
    return because("paused", left, paused.reason);
  }

  /** Judges a round that is done. */
  note({ moved_bytes, freed_bytes, refused }: RoundStatus): void {
    const unwritten = refused.find(({ reason }) => reason === UNWRITTEN)?.bytes ?? 0;
    const nowMs = monotonicMs();
    const result = {
      movedBytes: moved_bytes,
      freedBytes: freed_bytes,
      unwrittenBytes: unwritten,
    };
    if (this.#payoff.note(result, nowMs, this.#roundMs) === undefined) return;
    log.warning(`${this.#label}: ${this.heldBack()}`);
  }

  /** Logs where memory goes, at the start and when that has changed. */
  #noteSwap(): void {
    let swap: string;
    try {
      swap = describeSwap();
    } catch (error) {
      if (error instanceof SystemCallError || error instanceof ProcfsError) return;
      throw error;
    }
    if (swap === this.#swap) return;
    log.info(`${this.#label}: swap ${this.#swap === undefined ? "is" : "is now"} on ${swap}`);
    this.#swap = swap;
  }
}
