import type { KeyChoice } from "./key_choice.ts";
import type { RespClient } from "./resp_client.ts";
import type { RespValue, RespWord } from "./resp.ts";
import { keyName, storedValue } from "./stored_value.ts";

/** Requests are sent in bursts, so far apart. */
const BURST_MS = 2;
/** No more requests than this are without a reply; what is due meanwhile is sent later. */
const MOST_IN_FLIGHT = 2000;
/** One request in so many replaces a value. */
const WRITES = 10;

/** The requests that were answered in some time. */
export interface LoadSample {
  /** What each took, in ms, since it was due. */
  readonly latenciesMs: readonly number[];
}

interface Request {
  readonly words: readonly RespWord[];
  /** The right reply; made when it is compared. */
  readonly expected: () => Uint8Array | "OK";
}

/**
 * Makes so many requests a second: it replaces one value in ten, and compares what it reads.
 * The load is open: a request falls due whether or not those before it are answered, and its time
 * begins then. So a store that stands still for 100 ms delays all requests of that time, not one.
 */
export class StoreLoad {
  readonly #client: RespClient;
  readonly #choice: KeyChoice;
  readonly #versions: Uint32Array;
  readonly #used: Uint8Array;
  readonly #perBurst: number;
  readonly #ended: Promise<void>;
  #inFlight = 0;
  #wrong = 0;
  #sent = 0;
  #latenciesMs: number[] = [];
  #isStopped = false;
  #failed: Error | undefined;

  /** @param versions how often the value of each key was replaced; writes are counted in it. */
  constructor(
    client: RespClient,
    choice: KeyChoice,
    versions: Uint32Array,
    requestsPerSecond: number,
  ) {
    this.#client = client;
    this.#choice = choice;
    this.#versions = versions;
    this.#used = new Uint8Array(versions.length);
    this.#perBurst = requestsPerSecond * BURST_MS / 1000;
    this.#ended = this.#run();
  }

  /** Values that were read and were not what was stored. */
  get wrong(): number {
    return this.#wrong;
  }

  /** How many keys were used since it was asked last. */
  takeUsedKeys(): number {
    const used = this.#used.reduce((sum, isUsed) => sum + isUsed, 0);
    this.#used.fill(0);
    return used;
  }

  async #run(): Promise<void> {
    const begin = performance.now();
    for (let burst = 0; !this.#isStopped && this.#failed === undefined; burst++) {
      const dueMs = begin + burst * BURST_MS;
      await Bun.sleep(Math.max(0, Math.ceil(dueMs - performance.now())));
      // A timer may end early by a part of a millisecond.
      const beginMs = Math.min(dueMs, performance.now());
      this.#send(Math.floor((burst + 1) * this.#perBurst) - this.#sent, beginMs);
      while (this.#inFlight > MOST_IN_FLIGHT) await Bun.sleep(BURST_MS);
    }
    while (this.#inFlight > 0) await Bun.sleep(BURST_MS);
  }

  #send(count: number, beginMs: number): void {
    const requests = Array.from({ length: count }, () => this.#nextRequest());
    const replies = this.#client.send(requests.map(({ words }) => words));
    this.#inFlight += count;
    for (const [i, reply] of replies.entries()) void this.#take(reply, requests[i]!, beginMs);
  }

  #nextRequest(): Request {
    const number = this.#choice.next();
    const key = keyName(number);
    this.#used[number] = 1;
    // The store answers one request after the other: a read sees the writes sent before it.
    if (this.#sent++ % WRITES !== 0) {
      const version = this.#versions[number] ?? 0;
      return { words: ["GET", key], expected: () => storedValue(number, version) };
    }
    const version = (this.#versions[number] ?? 0) + 1;
    this.#versions[number] = version;
    return { words: ["SET", key, storedValue(number, version)], expected: () => "OK" };
  }

  async #take(reply: Promise<RespValue>, { expected }: Request, beginMs: number): Promise<void> {
    try {
      const value = await reply;
      this.#latenciesMs.push(performance.now() - beginMs);
      if (!isSame(value, expected())) this.#wrong++;
    } catch (error) {
      this.#failed ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#inFlight--;
    }
  }

  /** What was answered since it was asked last. @throws {Error} when a request failed. */
  sample(): LoadSample {
    if (this.#failed !== undefined) throw this.#failed;
    const sample = { latenciesMs: this.#latenciesMs };
    this.#latenciesMs = [];
    return sample;
  }

  /** Ends it when what was sent is answered. @throws {Error} when a request failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    if (this.#failed !== undefined) throw this.#failed;
  }
}

function isSame(value: RespValue, expected: Uint8Array | "OK"): boolean {
  return value instanceof Uint8Array && expected !== "OK"
    ? Buffer.compare(value, expected) === 0
    : value === expected;
}
