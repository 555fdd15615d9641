import { AT_FDCWD, close, O_RDONLY, openAt } from "../ffi/libc.ts";
import { formatBytes, formatShare } from "../src/text/quantities.ts";
import { pause } from "../src/async/abortable.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import { readMemInfo } from "../src/procfs/meminfo.ts";
import { type ProcessSizes, readProcessSizes } from "../src/procfs/process_memory.ts";
import type { Caretaker } from "./caretaker.ts";
import { EtmemServer } from "./etmem_server.ts";
import { explainTracker } from "./explain_tracker.ts";
import { HotLoad } from "./hot_load.ts";
import { formatMoment, liveHeading, type Moment, sumsOf } from "./live_view.ts";
import { RespClient } from "./resp_client.ts";
import { SetupError } from "./setup_error.ts";
import { countWrong, fill, startStore, type Store } from "./store.ts";
import { VALUE_BYTES } from "./stored_value.ts";
import { provideSwap, type SwapSpace } from "./swap_space.ts";

/** What can be chosen about the demo. */
export interface DemoSettings {
  /** Values of VALUE_BYTES in the store. */
  readonly keys: number;
  /** How long etmemd is watched at work. */
  readonly seconds: number;
  /** Use the demo's own store even where there is Redis. */
  readonly ownStore: boolean;
}

/** One key in so many is used. */
const HOT_SHARE = 1500;
/** Seconds of load before etmemd starts. */
const SECONDS_BEFORE = 4;
/** What a store takes for a value besides the value: measured with Redis, generously. */
const OVERHEAD = 1.35;
const MIB = 2 ** 20;
/** For the store itself, etmemd and the demo. */
const PROGRAMS_BYTES = 300 * MIB;

const say = (text: string): void => console.log(text);

/** The demo from its first line to its check, without the taking away. */
class Demo {
  readonly #settings: DemoSettings;
  readonly #folder: string;
  readonly #caretaker: Caretaker;
  readonly #signal: AbortSignal;
  readonly #moments: Moment[] = [];

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
  }

  /** @returns whether memory was moved and every value is right. */
  async run(): Promise<boolean> {
    const { keys } = this.#settings;
    const swap = this.#swap();
    const store = await this.#startStore();
    const client = await RespClient.connect(store.path);
    const begin = performance.now();
    await fill(client, keys, this.#signal);
    const hotKeys = Math.ceil(keys / HOT_SHARE);
    say(`data:   ${keys} values of ${VALUE_BYTES} bytes, stored in ${secondsSince(begin)}`);
    say(`load:   ${hotKeys} of the keys are read and written all the time, the others are not`);
    const load = new HotLoad(client, hotKeys);
    const etmem = await EtmemServer.start(this.#folder, this.#caretaker, this.#signal);
    say(`etmemd: on socket ${etmem.socket}, not told to do anything yet\n\n${liveHeading()}`);
    await this.#watch(SECONDS_BEFORE, store, load);
    await etmem.watch(store.pid);
    const task = await etmem.task();
    say(`\netmem obj add -f ${this.#folder}/demo.conf; etmem project start -n demo`);
    say(`${explainTracker(await etmem.status(), task.tracker ?? "none")}\n${liveHeading()}`);
    await this.#watch(this.#settings.seconds, store, load, etmem);
    say(`\netmem status\n${await etmem.etmem("status")}`);
    await etmem.stop();
    const last = await etmem.task();
    await load.stop();
    this.#sumUp(last, swap);
    return await this.#check(client, load, last);
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

  /** Prints a line a second. */
  async #watch(seconds: number, store: Store, load: HotLoad, etmem?: EtmemServer): Promise<void> {
    const begin = performance.now();
    load.sample();
    for (let second = 1; second <= seconds; second++) {
      await pause(begin + second * 1000 - performance.now(), this.#signal);
      this.#signal.throwIfAborted();
      const moment = {
        second: this.#moments.length + 1,
        sizes: sizesOf(store),
        load: load.sample(),
        ...(etmem === undefined ? {} : { task: await etmem.task() }),
      };
      this.#moments.push(moment);
      say(formatMoment(moment));
    }
  }

  #sumUp(task: TaskStatus, swap: SwapSpace): void {
    const before = this.#moments.filter((moment) => moment.task === undefined);
    const after = this.#moments.slice(before.length);
    const resident = (moment: Moment | undefined): number => moment?.sizes.rssBytes ?? 0;
    const last = this.#moments.at(-1);
    const { movedBytes, cameBackBytes } = sumsOf(task);
    const saved = resident(before.at(-1)) - resident(last);
    const slowest = Math.max(...after.map((moment) => moment.load.slowestMs));
    const half = after.slice(Math.floor(after.length / 2));
    say(`Summary
  resident    ${formatBytes(resident(before.at(-1)))} before, ${
      formatBytes(resident(last))
    } after: ${formatShare(saved, resident(before.at(-1)))} less
  in swap     ${formatBytes(last?.sizes.swapBytes ?? 0)}; ${swap.cost()}
  moved       ${formatBytes(movedBytes)}, of which ${formatBytes(cameBackBytes)} came back
  requests    ${median(before)} a second before, ${median(half)} in the last ${half.length} seconds
  slowest     ${slowest.toFixed(1)} ms with etmemd at work, ${
      Math.max(...half.map((moment) => moment.load.slowestMs)).toFixed(1)
    } ms in the last ${half.length} seconds`);
  }

  async #check(client: RespClient, load: HotLoad, task: TaskStatus): Promise<boolean> {
    const { keys } = this.#settings;
    const begin = performance.now();
    const wrong = await countWrong(client, keys, (n) => load.versionOf(n), this.#signal);
    client.close();
    say(
      wrong + load.wrong === 0
        ? `  values      all ${keys} are right (read back in ${secondsSince(begin)})`
        : `  values      ${wrong} of ${keys} ARE WRONG, and ${load.wrong} were wrong under load`,
    );
    const { moved_bytes: moved } = task.total;
    if (moved === 0) say("  Nothing was moved: the demo has shown nothing");
    return wrong + load.wrong === 0 && moved > 0;
  }
}

/** Requests in a second, the median of moments. */
function median(moments: readonly Moment[]): number {
  const sorted = moments.map((moment) => moment.load.requests).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function secondsSince(beginMs: number): string {
  return `${((performance.now() - beginMs) / 1000).toFixed(1)} s`;
}

/** @throws {SetupError} when the store is gone. */
function sizesOf(store: Store): ProcessSizes {
  const dirFd = openAt(AT_FDCWD, `/proc/${store.pid}`, O_RDONLY);
  try {
    const sizes = readProcessSizes(dirFd);
    if (sizes !== undefined) return sizes;
  } finally {
    close(dirFd);
  }
  throw new SetupError(`${store.name} has ended`);
}

/**
 * Runs the demo in a folder of its own. @returns whether memory was moved and every value is right.
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
