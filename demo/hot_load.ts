import type { RespClient } from "./resp_client.ts";
import { keyName, storedValue } from "./stored_value.ts";

/**
 * Requests in a row, one after the other; then a pause, so that a core is left for everybody else.
 */
const BURST = 20;
const PAUSE_MS = 2;
/** One request in so many replaces a value. */
const WRITES = 10;

/** What the load met in a second. */
export interface LoadSample {
  readonly requests: number;
  readonly slowestMs: number;
}

/**
 * Reads a few keys again and again, replaces their values now and then, and compares what it reads.
 */
export class HotLoad {
  readonly #client: RespClient;
  /** Version of the value of each hot key. */
  readonly #versions: number[];
  #wrong = 0;
  #requests = 0;
  #slowestMs = 0;
  #isStopped = false;
  #failed: Error | undefined;
  readonly #ended: Promise<void>;

  /** @param hotKeys keys 0 to this number - 1 are used. */
  constructor(client: RespClient, hotKeys: number) {
    this.#client = client;
    this.#versions = Array.from({ length: hotKeys }, () => 0);
    this.#ended = this.#run().catch((error: unknown) => {
      this.#failed = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** How often the value of a key was replaced. */
  versionOf(number: number): number {
    return this.#versions[number] ?? 0;
  }

  /** Values that were read and were not what was stored. */
  get wrong(): number {
    return this.#wrong;
  }

  async #run(): Promise<void> {
    for (let request = 0; !this.#isStopped; request++) {
      await this.#request(request);
      if (request % BURST === 0) await Bun.sleep(PAUSE_MS);
    }
  }

  async #request(request: number): Promise<void> {
    const number = Math.floor(Math.random() * this.#versions.length);
    const key = keyName(number);
    const begin = performance.now();
    if (request % WRITES === 0) {
      const version = this.versionOf(number) + 1;
      await this.#client.call("SET", key, storedValue(number, version));
      this.#versions[number] = version;
    } else {
      const value = await this.#client.call("GET", key);
      const isRight = value instanceof Uint8Array &&
        storedValue(number, this.versionOf(number)).equals(value);
      if (!isRight) this.#wrong++;
    }
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - begin);
    this.#requests++;
  }

  /** What it met since it was asked last. @throws {Error} when a request failed. */
  sample(): LoadSample {
    if (this.#failed !== undefined) throw this.#failed;
    const sample = { requests: this.#requests, slowestMs: this.#slowestMs };
    this.#requests = this.#slowestMs = 0;
    return sample;
  }

  /** Ends it after the request in hand. @throws {Error} when a request failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    if (this.#failed !== undefined) throw this.#failed;
  }
}
