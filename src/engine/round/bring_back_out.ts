import { messageOf } from "../../text/message_of.ts";
import { JobError } from "../../worker/pool.ts";
import type { RestoreAccount, RestoreOrder } from "../engine.ts";
import type { Workers } from "../engine_context.ts";
import type { OutMemory } from "./out_memory.ts";
import type { RestoreReply } from "./out_step.ts";
import { StopFlag } from "./stop_flag.ts";

/** A count looks no longer where pages are: it is a word of an answer that is waited for. */
const COUNT_MS = 1000;

/**
 * Counts what is still in swap of what a task moved; what is not there any more is forgotten.
 * @returns bytes, and whether all pages were looked at; otherwise it may be less.
 */
export async function countOut(
  out: OutMemory,
  workers: Workers,
): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
  const begin = performance.now();
  let bytes = 0;
  let isWhole = true;
  for (const key of out.keys) {
    const process = out.take(key);
    if (process === undefined) continue;
    try {
      const mostMs = COUNT_MS - (performance.now() - begin);
      const reply = await workers.run("count_out", { process, mostMs });
      bytes += reply.bytes;
      isWhole &&= reply.isWhole;
      if (reply.process !== undefined) out.putBack(reply.process);
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      isWhole = false;
    }
  }
  return { bytes, isWhole };
}

/** Brings back what a task has moved to swap: one process after the other, step by step. */
class Restore {
  readonly #out: OutMemory;
  readonly #workers: Workers;
  readonly #order: RestoreOrder;
  readonly #stop = new StopFlag();
  readonly #refused = new Map<string, number>();
  #backBytes = 0;
  #ended = 0;
  /** Why nothing more is to come back. */
  #held: string | undefined;

  constructor(out: OutMemory, workers: Workers, order: RestoreOrder) {
    this.#out = out;
    this.#workers = workers;
    this.#order = order;
  }

  async run(): Promise<RestoreAccount> {
    const { signal } = this.#order;
    const stop = (): void => void this.#stop.raise();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      for (const key of this.#out.keys) {
        await this.#bringBack(key);
        if (this.#held !== undefined) break;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
    const left = await countOut(this.#out, this.#workers);
    const reasons = [...this.#refused.keys()];
    return {
      backBytes: this.#backBytes,
      leftBytes: left.bytes,
      reasons: this.#held === undefined ? reasons : [this.#held, ...reasons],
      endedProcesses: this.#ended,
    };
  }

  async #bringBack(key: string): Promise<void> {
    let from: number | undefined = 0;
    while (from !== undefined && this.#held === undefined) {
      const reply: RestoreReply | undefined = await this.#step(key, from);
      if (reply === undefined) return;
      this.#backBytes += reply.backBytes;
      this.#held = reply.held;
      for (const [why, bytes] of reply.refused) {
        this.#refused.set(why, (this.#refused.get(why) ?? 0) + bytes);
      }
      this.#order.progress(this.#backBytes);
      from = reply.from;
    }
  }

  /** @returns undefined when nothing of the process is out, or it has ended. */
  async #step(key: string, from: number): Promise<RestoreReply | undefined> {
    const process = this.#out.take(key);
    if (process === undefined) return undefined;
    const { limits } = this.#order;
    try {
      const stop = this.#stop.words;
      const reply = await this.#workers.run("restore_step", { process, from, limits, stop });
      if (reply.process !== undefined) {
        this.#out.putBack(reply.process);
        return reply;
      }
      this.#ended++;
      return undefined;
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      this.#held = `process ${process.pid}: ${messageOf(error)}`;
      return undefined;
    }
  }
}

/** Brings back what a task has moved to swap, as far as it is there still. */
export function bringBackOut(
  out: OutMemory,
  workers: Workers,
  order: RestoreOrder,
): Promise<RestoreAccount> {
  return new Restore(out, workers, order).run();
}
