import { formatBytes } from "../src/text/quantities.ts";
import { readMemInfo } from "../src/procfs/meminfo.ts";
import { Random } from "../tests/tools/fixtures/random.ts";
import type { Caretaker } from "./caretaker.ts";
import { seesPages, trackersToCompare } from "./compared_trackers.ts";
import { EtmemServer } from "./etmem_server.ts";
import { explainTracker } from "./explain_tracker.ts";
import { blockOfKeys, type KeyChoice, zipfKeys } from "./key_choice.ts";
import { type PhaseResult, runPhase } from "./phase.ts";
import { RespClient } from "./resp_client.ts";
import { SetupError } from "./setup_error.ts";
import { countWrong, fill, settle, startStore, type Store } from "./store.ts";
import { StoreLoad } from "./store_load.ts";
import { VALUE_BYTES } from "./stored_value.ts";
import { formatSummary } from "./summary.ts";
import { provideSwap, type SwapSpace } from "./swap_space.ts";
import { sizesOf } from "./used_memory.ts";

/** What can be chosen about the demo. */
export interface DemoSettings {
  /** Values of VALUE_BYTES in the store. */
  readonly keys: number;
  /** How long each tracker is watched at work. */
  readonly seconds: number;
  /** Use the demo's own store even where there is Redis. */
  readonly ownStore: boolean;
  /** Use a block of the keys instead of all of them by Zipf's law. */
  readonly block: boolean;
}

/** A request a second for so many keys, up to the most that the demo makes. */
const KEYS_PER_REQUEST = 50;
const MOST_REQUESTS = 6000;
/** No more than this part of the values that were stored in a second: the machine may be slow. */
const PART_OF_FILL = 1 / 4;
/** Of the load: each phase gets the same requests. */
const SEED = 1;
/** What a store takes for a value besides the value: measured with Redis, generously. */
const OVERHEAD = 1.35;
const MIB = 2 ** 20;
/** For the store itself, etmemd and the demo. */
const PROGRAMS_BYTES = 400 * MIB;

const say = (text: string): void => console.log(text);

/** The demo from its first line to its check, without the taking away. */
class Demo {
  readonly #settings: DemoSettings;
  readonly #folder: string;
  readonly #caretaker: Caretaker;
  readonly #signal: AbortSignal;
  readonly #versions: Uint32Array;
  #requestsPerSecond = 0;
  #wrong = 0;

  constructor(
    settings: DemoSettings,
    folder: string,
    caretaker: Caretaker,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#caretaker = caretaker;
    this.#signal = signal;
    this.#versions = new Uint32Array(settings.keys);
  }

  /** @returns whether every value is right, and what could be moved was. */
  async run(): Promise<boolean> {
    const { keys } = this.#settings;
    const swap = this.#swap();
    const store = await this.#startStore();
    const client = await RespClient.connect(store.path);
    const begin = performance.now();
    await fill(client, keys, this.#signal);
    say(`data:   ${keys} values of ${VALUE_BYTES} bytes, stored in ${secondsSince(begin)}`);
    this.#requestsPerSecond = requestsPerSecond(keys, performance.now() - begin);
    await settle(client, keys, this.#signal);
    const { about } = this.#choice();
    say(
      `load:   ${this.#requestsPerSecond} requests a second, one in ten replaces a value: ${about}`,
    );
    const etmem = await EtmemServer.start(this.#folder, this.#caretaker, this.#signal);
    say(`etmemd: on socket ${etmem.socket}, not told to do anything yet`);
    const { trackers } = await etmem.status();
    say(explainTracker(trackers));
    const phases: PhaseResult[] = [];
    for (const tracker of trackersToCompare(trackers)) {
      if (phases.length > 0) say(`\nThe same store again, with the same load`);
      phases.push(await this.#phase(tracker, store, swap, etmem));
      await this.#readAll(client, store);
    }
    client.close();
    say(`\n${formatSummary(phases, trackers)}`);
    return this.#judge(phases);
  }

  async #phase(
    tracker: string,
    store: Store,
    swap: SwapSpace,
    etmem: EtmemServer,
  ): Promise<PhaseResult> {
    const { seconds } = this.#settings;
    const client = await RespClient.connect(store.path);
    const load = new StoreLoad(client, this.#choice(), this.#versions, this.#requestsPerSecond);
    const signal = this.#signal;
    const result = await runPhase({ store, swap, etmem, tracker, seconds, load, signal, say });
    client.close();
    this.#wrong += load.wrong;
    return result;
  }

  /** From its beginning. */
  #choice(): KeyChoice {
    const { keys, block } = this.#settings;
    return (block ? blockOfKeys : zipfKeys)(keys, new Random(SEED));
  }

  /** Compares all values, by which all of them become resident again. */
  async #readAll(client: RespClient, store: Store): Promise<void> {
    const begin = performance.now();
    const versionOf = (number: number): number => this.#versions[number] ?? 0;
    const wrong = await countWrong(client, this.#settings.keys, versionOf, this.#signal);
    this.#wrong += wrong;
    const { rssBytes } = sizesOf(store);
    say(
      `all values are read back in ${secondsSince(begin)}: ${wrong} wrong, ${
        formatBytes(rssBytes)
      } resident`,
    );
  }

  #judge(phases: readonly PhaseResult[]): boolean {
    say(
      this.#wrong === 0
        ? `  values: all ${this.#settings.keys} are right, and were under load`
        : `  values: ${this.#wrong} WERE WRONG`,
    );
    const last = phases.at(-1);
    const isEmpty = last?.movedBytes === 0 && seesPages(last.tracker);
    if (isEmpty) say("  Nothing was moved: the demo has shown nothing");
    return this.#wrong === 0 && !isEmpty;
  }

  #swap(): SwapSpace {
    const dataBytes = this.#settings.keys * VALUE_BYTES * OVERHEAD;
    const { availableBytes } = readMemInfo();
    if (availableBytes < dataBytes + PROGRAMS_BYTES) {
      throw new SetupError(
        `${formatBytes(availableBytes)} of memory are available, it needs ${
          formatBytes(Math.round(dataBytes + PROGRAMS_BYTES))
        }`,
      );
    }
    const swapBytes = Math.ceil(dataBytes / (64 * MIB) + 1) * 64 * MIB;
    const swap = provideSwap(swapBytes, this.#folder, this.#caretaker);
    say(`swap:   ${swap.about}`);
    return swap;
  }

  async #startStore(): Promise<Store> {
    const { keys, ownStore } = this.#settings;
    const choice = { own: ownStore, capacityBytes: keys * VALUE_BYTES };
    const store = await startStore(choice, this.#folder, this.#caretaker, this.#signal);
    say(`store:  ${store.name}, pid ${store.pid}, unix socket ${store.path}`);
    return store;
  }
}

/** @param fillMs what it took to store all keys. */
function requestsPerSecond(keys: number, fillMs: number): number {
  const feasible = keys / fillMs * 1000 * PART_OF_FILL;
  return Math.ceil(Math.min(MOST_REQUESTS, keys / KEYS_PER_REQUEST, feasible));
}

function secondsSince(beginMs: number): string {
  return `${((performance.now() - beginMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs the demo in a folder of its own.
 * @returns whether every value is right, and memory was moved where pages can be told apart.
 * @throws {SetupError} with a sentence; the signal's reason when that came.
 */
export function runDemo(
  settings: DemoSettings,
  folder: string,
  caretaker: Caretaker,
  signal: AbortSignal,
): Promise<boolean> {
  return new Demo(settings, folder, caretaker, signal).run();
}
