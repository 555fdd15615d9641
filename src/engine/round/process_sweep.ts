import { deserialize, serialize } from "node:v8";
import { onAbort } from "../../async/abortable.ts";
import { nextTurn } from "../../async/turns.ts";
import {
  type ProcessQuery,
  SEARCH_ROOTS,
  searchNearby,
  type SearchRoots,
  sweepProcesses,
  type SweptProcesses,
} from "../../procfs/find_processes.ts";

/** What tasks look for in one sweep. */
export interface SweepRequest {
  readonly queries: readonly ProcessQuery[];
  readonly roots: SearchRoots;
}

/** What was found, in the order of the queries. */
export interface SweepReply {
  /** Of each a SweptProcesses, serialized: to take all of them at once would take long. */
  readonly searches: readonly Uint8Array[];
}

/**
 * Does a sweep, in a thread.
 * @throws {SystemCallError} when procfs or a control group cannot be read.
 */
export function sweepAll({ queries, roots }: SweepRequest): SweepReply {
  return {
    searches: sweepProcesses(queries, roots).map((swept) => new Uint8Array(serialize(swept))),
  };
}

/** From the begin of a sweep to that of the next. */
const PERIOD_MS = 1000;

/** A task that waits for the next sweep. */
interface Waiting {
  readonly query: ProcessQuery;
  readonly end: PromiseWithResolvers<SweptProcesses | undefined>;
}

/**
 * Looks for the processes of all tasks at once, at most once a second, and in a thread: on a host
 * with thousands of processes that takes 100 ms and more. A task waits for a sweep that begins
 * after it has asked, so that what it gets is fresh. Each gets it in a turn of the event loop of
 * its own. Only a pid whose descendants are few is looked for at once.
 */
export class ProcessSweep {
  readonly #sweep: (request: SweepRequest) => Promise<SweepReply>;
  readonly #roots: SearchRoots;
  #waiting: Waiting[] = [];
  #isDue = false;
  /** When the last sweep began, by the monotonic clock. */
  #begunMs = -Infinity;

  /**
   * @param sweep has a thread do sweepAll().
   * @param roots where procfs and the control groups are mounted, as far as it is elsewhere.
   */
  constructor(
    sweep: (request: SweepRequest) => Promise<SweepReply>,
    roots: Partial<SearchRoots> = {},
  ) {
    this.#sweep = sweep;
    this.#roots = { ...SEARCH_ROOTS, ...roots };
  }

  /**
   * Finds the processes of a query.
   * @returns undefined when the signal came first.
   * @throws {JobError} when procfs cannot be read.
   */
  async find(query: ProcessQuery, signal: AbortSignal): Promise<SweptProcesses | undefined> {
    if (signal.aborted) return undefined;
    const nearby = searchNearby(query, this.#roots);
    if (nearby !== undefined) return nearby;
    const waiting: Waiting = { query, end: Promise.withResolvers() };
    const forget = onAbort(signal, () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      waiting.end.resolve(undefined);
    });
    this.#waiting.push(waiting);
    this.#plan();
    try {
      return await waiting.end.promise;
    } finally {
      forget();
    }
  }

  #plan(): void {
    if (this.#isDue || this.#waiting.length === 0) return;
    this.#isDue = true;
    const inMs = this.#begunMs + PERIOD_MS - performance.now();
    setTimeout(() => void this.#run(), Math.max(0, inMs));
  }

  async #run(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) {
      this.#isDue = false;
      return;
    }
    this.#begunMs = performance.now();
    const queries = new Map(waiting.map(({ query }) => [JSON.stringify(query), query]));
    try {
      const request = { queries: [...queries.values()], roots: this.#roots };
      const { searches } = await this.#sweep(request);
      const byKey = new Map([...queries.keys()].map((key, i) => [key, searches[i]!]));
      for (const { query, end } of waiting) {
        await nextTurn();
        end.resolve(deserialize(byKey.get(JSON.stringify(query))!) as SweptProcesses);
      }
    } catch (error) {
      for (const { end } of waiting) end.reject(error);
    } finally {
      this.#isDue = false;
      this.#plan();
    }
  }
}
