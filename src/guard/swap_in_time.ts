import { readByte } from "../../ffi/process_vm_readv.ts";
import { errorCode } from "../../ffi/errno.ts";
import { monotonicMs, PAGE_SIZE } from "../../ffi/libc.ts";
import { kindOfSwap, readSwaps, type SwapKind } from "../procfs/swaps.ts";
import type { PageAges } from "../tracker/page_ages.ts";

/** What a swap-in is taken to take until it is measured, in seconds. */
const EXPECTED: Readonly<Record<SwapKind, number>> = {
  "zram": 10e-6,
  "zswap": 10e-6,
  "disk": 100e-6,
  "file": 100e-6,
  "rotating disk": 10e-3,
};
/** Where there is no swap space: as for zram. */
const EXPECTED_WITHOUT_SWAP = EXPECTED.zram;

/** A page is read at most so often. */
const PAUSE_MS = 1000;
/** Weight of a new measurement in the mean. */
const WEIGHT = 1 / 8;
/** A measurement counts as no more than so many times the mean: the reader may have had no CPU. */
const MOST = 4;

/** A SwapInTime as plain data. */
export interface SwapInTimeData {
  /** Absent while no swap-in was waited for or expected. */
  readonly seconds?: number;
  readonly measuredMs: number;
  readonly page: number;
}

/** How long the process waits for a page to be read back from swap, on average. */
export class SwapInTime {
  #seconds: number | undefined;
  /** By monotonicMs(): when it was measured last. */
  #measuredMs: number;
  /** The next page to read is behind this one. */
  #page: number;

  constructor(data?: SwapInTimeData) {
    this.#seconds = data?.seconds;
    this.#measuredMs = data?.measuredMs ?? Number.NEGATIVE_INFINITY;
    this.#page = data?.page ?? 0;
  }

  toData(): SwapInTimeData {
    return {
      ...(this.#seconds === undefined ? {} : { seconds: this.#seconds }),
      measuredMs: this.#measuredMs,
      page: this.#page,
    };
  }

  /** In seconds. @throws {ProcfsError | SystemCallError} */
  get seconds(): number {
    return this.#seconds ??= expectedSeconds();
  }

  /**
   * Reads one moved page of a process, unless that was done less than a second ago. The page is
   * forgotten by the ages: its return is no use.
   * @param isSwapped whether the process is still there, and a page of it in swap now.
   * @param forget takes the page that was read.
   * @throws {SystemCallError}
   */
  measure(
    pid: number,
    ages: PageAges,
    isSwapped: (page: number) => boolean,
    forget: (page: number) => void,
  ): void {
    const begin = monotonicMs();
    if (begin - this.#measuredMs < PAUSE_MS) return;
    const page = ages.nextMoved(this.#page);
    if (page === undefined) return;
    this.#measuredMs = begin;
    this.#page = page + 1;
    if (!isSwapped(page)) return;
    const before = monotonicMs();
    try {
      readByte(pid, page * PAGE_SIZE);
    } catch (error) {
      // Unmapped, protected or gone meanwhile: nothing was read.
      if (errorCode(error) === undefined) throw error;
      return;
    }
    this.add((monotonicMs() - before) / 1000);
    ages.forget(page);
    forget(page);
  }

  /** Adds a measurement. @internal */
  add(seconds: number): void {
    const mean = this.seconds;
    this.#seconds = mean + WEIGHT * (Math.min(seconds, MOST * mean) - mean);
  }
}

/** How long a page is expected to take to be read back from swap, in seconds. */
export function expectedSeconds(): number {
  const [first] = readSwaps();
  return first === undefined ? EXPECTED_WITHOUT_SWAP : EXPECTED[kindOfSwap(first)];
}
