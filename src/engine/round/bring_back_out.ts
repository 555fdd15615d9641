import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { MovedSet } from "../../mover/moved_set.ts";
import { because } from "../../reason/reasons.ts";
import { messageOf } from "../../text/message_of.ts";
import { JobError } from "../../worker/pool.ts";
import type { RestoreAccount, RestoreOrder } from "../engine.ts";
import type { Workers } from "../engine_context.ts";
import type { OutMemory, OutProcess } from "./out_memory.ts";
import type { CountOutReply, RestoreReply } from "./out_step.ts";
import { StopFlag } from "./stop_flag.ts";

/** The count behind a restore looks no longer where pages are: its answer is waited for. */
const COUNT_MS = 1000;
const TIME_IS_OVER = "time is over";

/**
 * Counts what is still in swap of what a task moved; what is not there any more is forgotten.
 * @param untilMs as of an Engine.
 * @returns bytes, and whether all pages were looked at; otherwise it may be less.
 */
export async function countOut(
  out: OutMemory,
  workers: Workers,
  untilMs: number,
): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
  let bytes = 0;
  let isWhole = true;
  for (const key of out.keys) {
    const process = out.take(key);
    if (process === undefined) continue;
    const mostMs = untilMs - performance.now();
    const reply = mostMs > 0 ? await countOutOf(process, mostMs, workers) : TIME_IS_OVER;
    if (typeof reply === "string") {
      out.putBack(process);
      bytes += MovedSet.fromData(process.moved).pages * PAGE_SIZE;
      isWhole = false;
      continue;
    }
    bytes += reply.bytes;
    isWhole &&= reply.isWhole;
    if (reply.process !== undefined) out.putBack(reply.process);
  }
  return { bytes, isWhole };
}

function countOutOf(
  process: OutProcess,
  mostMs: number,
  workers: Workers,
): Promise<CountOutReply | string> {
  return unlessHeld((onHeld) =>
    workers.run("count_out", { process: copyOf(process), mostMs }, undefined, onHeld)
  );
}

/** To be handed to a thread: when the job fails, the process is known still. */
function copyOf(process: OutProcess): OutProcess {
  const { numbers, bits } = process.moved;
  return { ...process, moved: { numbers: numbers.slice(), bits: bits.slice() } };
}

/** @returns why there is no reply: the job failed, or the kernel holds its thread. */
async function unlessHeld<T>(
  run: (onHeld: () => void) => Promise<T>,
): Promise<T | string> {
  const held = Promise.withResolvers<string>();
  try {
    return await Promise.race([
      run(() => held.resolve(because("kernel_holds_thread"))),
      held.promise,
    ]);
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return messageOf(error);
  }
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
  /** The first process that failed, and why: the others come back all the same. */
  #failed: string | undefined;

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
    const left = await countOut(this.#out, this.#workers, performance.now() + COUNT_MS);
    const why = [this.#held, this.#failed, ...this.#refused.keys()];
    return {
      backBytes: this.#backBytes,
      leftBytes: left.bytes,
      reasons: why.filter((reason) => reason !== undefined),
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

  /** @returns undefined when nothing of the process is out, it has ended, or it fails. */
  async #step(key: string, from: number): Promise<RestoreReply | undefined> {
    const process = this.#out.take(key);
    if (process === undefined) return undefined;
    const { limits } = this.#order;
    const stop = this.#stop.words;
    const reply = await unlessHeld((onHeld) => {
      const request = { process: copyOf(process), from, limits, stop };
      return this.#workers.run("restore_step", request, undefined, onHeld);
    });
    if (typeof reply === "string") {
      this.#out.putBack(process);
      this.#failed ??= `process ${process.pid}: ${reply}`;
      return undefined;
    }
    if (reply.process !== undefined) {
      this.#out.putBack(reply.process);
      return reply;
    }
    this.#ended++;
    return undefined;
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
