import { pause } from "../src/async/abortable.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import type { EtmemServer } from "./etmem_server.ts";
import { type Latencies, summarize } from "./latencies.ts";
import { formatMoment, liveHeading, type Moment, sumsOf } from "./live_view.ts";
import type { Store } from "./store.ts";
import type { StoreLoad } from "./store_load.ts";
import type { SwapSpace } from "./swap_space.ts";
import { beginUse, readUsedBytes, sizesOf } from "./used_memory.ts";

/** Seconds of load before etmemd works: no more than these, and half as many as it works. */
const MOST_SECONDS_BEFORE = 10;

/** What was used of the store before etmemd worked. */
export interface UsedPart {
  /** In which it was used. */
  readonly seconds: number;
  readonly keys: number;
  /** Of the pages of the store that were used. */
  readonly bytes: number;
  readonly residentBytes: number;
}

/** What came of one tracker at work on the store. */
export interface PhaseResult {
  readonly tracker: string;
  readonly used: UsedPart;
  readonly residentBeforeBytes: number;
  /** The median of the second half of the time that etmemd was at work. */
  readonly residentAfterBytes: number;
  readonly swappedBytes: number;
  /** What of that still takes room in DRAM, as a sentence. */
  readonly swapCost: string;
  readonly movedBytes: number;
  /** DRAM that this made free. */
  readonly freedBytes: number;
  readonly cameBackBytes: number;
  readonly before: Latencies;
  readonly work: Latencies;
}

/** What a phase is about. */
export interface PhaseSubject {
  readonly store: Store;
  readonly swap: SwapSpace;
  readonly etmem: EtmemServer;
  /** As in the configuration file. */
  readonly tracker: string;
  /** How long etmemd is at work. */
  readonly seconds: number;
  readonly load: StoreLoad;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** One tracker at work on the store: first the load alone, then etmemd as well. */
class Phase {
  readonly #subject: PhaseSubject;
  #second = 0;

  constructor(subject: PhaseSubject) {
    this.#subject = subject;
  }

  async run(): Promise<PhaseResult> {
    const { store, swap, etmem, tracker, seconds, load, say } = this.#subject;
    say(`\n${liveHeading()}`);
    const before = new Watched();
    load.takeUsedKeys();
    beginUse(store);
    const secondsBefore = Math.min(MOST_SECONDS_BEFORE, Math.ceil(seconds / 2));
    await this.#watch(before, secondsBefore);
    const { rssBytes: residentBytes } = sizesOf(store);
    const keys = load.takeUsedKeys();
    const used = { seconds: secondsBefore, keys, bytes: readUsedBytes(store), residentBytes };
    await etmem.watch(store.pid, tracker, seconds);
    const work = new Watched();
    await this.#watch(work, seconds, () => etmem.task());
    say(`\netmem status\n${await etmem.etmem("status")}`);
    const { swapBytes } = sizesOf(store);
    const swapCost = swap.cost();
    await etmem.stop();
    const task = await etmem.task();
    await load.stop();
    work.timesMs.push(...load.sample().latenciesMs);
    await etmem.forget();
    return {
      tracker: task.tracker ?? "none",
      used,
      residentBeforeBytes: residentBytes,
      residentAfterBytes: median(work.moments.slice(Math.floor(work.moments.length / 2))),
      swappedBytes: swapBytes,
      swapCost,
      ...sumsOf(task),
      before: summarize(before.timesMs),
      work: summarize(work.timesMs),
    };
  }

  /** Prints a line a second. */
  async #watch(into: Watched, seconds: number, task?: () => Promise<TaskStatus>): Promise<void> {
    const { store, load, signal, say } = this.#subject;
    const begin = performance.now();
    for (let second = 1; second <= seconds; second++) {
      await pause(begin + second * 1000 - performance.now(), signal);
      signal.throwIfAborted();
      const { latenciesMs } = load.sample();
      const moment = {
        second: ++this.#second,
        sizes: sizesOf(store),
        load: summarize(latenciesMs),
        ...(task === undefined ? {} : { task: await task() }),
      };
      into.moments.push(moment);
      for (const timeMs of latenciesMs) into.timesMs.push(timeMs);
      say(formatMoment(moment));
    }
  }
}

/** What was seen for some seconds. */
class Watched {
  readonly moments: Moment[] = [];
  /** How long each request took. */
  readonly timesMs: number[] = [];
}

/** Resident bytes, the median of moments. */
function median(moments: readonly Moment[]): number {
  const sorted = moments.map(({ sizes }) => sizes.rssBytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Has etmemd work on a store under load, with one tracker; the load is over afterwards.
 * @throws {SetupError} with a sentence; the signal's reason when that came.
 */
export function runPhase(subject: PhaseSubject): Promise<PhaseResult> {
  return new Phase(subject).run();
}
