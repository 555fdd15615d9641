import { type AgeClass, PageAges, type PageAgesData } from "../tracker/page_ages.ts";
import type { PageCounts } from "../tracker/page_counts.ts";
import { type OutlookData, toOutlook } from "./outlook.ts";
import { Payoff, type PayoffData } from "./payoff.ts";
import { PressureWatch, type PressureWatchData } from "./pressure_watch.ts";
import { StallGuard, type StallGuardData } from "./stall_guard.ts";
import { SwapInTime, type SwapInTimeData } from "./swap_in_time.ts";

/** A ProcessHistory as plain data, to be handed to another thread. */
export interface ProcessHistoryData {
  readonly ages: PageAgesData;
  readonly guard: StallGuardData;
  readonly swapIn: SwapInTimeData;
  readonly payoff: PayoffData;
  readonly pressure: PressureWatchData;
  readonly windowStartMs: number;
  readonly observedSeconds: number;
}

/** What other tasks have seen of a process since its last scan. */
export interface SeenByOthers {
  /** Pages that they have found used. */
  readonly used: PageCounts;
  /** Pages that they have moved. */
  readonly moved: Iterable<number>;
  /** Pages that they have read from swap themselves: their return is no use. */
  readonly read: Iterable<number>;
  /** By monotonicMs(): up to then they have seen accesses. */
  readonly seenMs: number;
}

/** What is remembered of the pages of a process from scan to scan. */
export class ProcessHistory {
  readonly ages: PageAges;
  readonly guard: StallGuard;
  readonly swapIn: SwapInTime;
  readonly payoff: Payoff;
  readonly pressure: PressureWatch;
  /** By monotonicMs(): from then on the next scan sees accesses. */
  #windowStartMs: number;
  /** How long the pages have been followed without a gap. */
  #observedSeconds: number;

  constructor(windowStartMs: number, data?: ProcessHistoryData) {
    this.ages = data === undefined ? new PageAges() : PageAges.fromData(data.ages);
    this.guard = new StallGuard(data?.guard);
    this.swapIn = new SwapInTime(data?.swapIn);
    this.payoff = new Payoff(data?.payoff);
    this.pressure = new PressureWatch(data?.pressure);
    this.#windowStartMs = data?.windowStartMs ?? windowStartMs;
    this.#observedSeconds = data?.observedSeconds ?? 0;
  }

  toData(): ProcessHistoryData {
    return {
      ages: this.ages.toData(),
      guard: this.guard.toData(),
      swapIn: this.swapIn.toData(),
      payoff: this.payoff.toData(),
      pressure: this.pressure.toData(),
      windowStartMs: this.#windowStartMs,
      observedSeconds: this.#observedSeconds,
    };
  }

  /** The ages are void: scans have stayed away. What moves is judged as before. */
  beginAnew(windowStartMs: number): void {
    this.ages.forgetAll();
    this.#windowStartMs = windowStartMs;
    this.#observedSeconds = 0;
  }

  /**
   * What is expected of the pages, as the last scan and the moves since then left them.
   * @throws {SystemCallError | ProcfsError}
   */
  outlook(): OutlookData {
    const expected = this.guard.expect(this.ages.population());
    return toOutlook(expected, this.swapIn.seconds, this.#observedSeconds);
  }

  /**
   * Adds a scan.
   * @param scan its counts alone. @param windowStartMs by monotonicMs(): from then on the next scan
   * sees accesses. @param intervalMs of the project. @param mostReadBack how many of so many pages
   * that had been moved and are present again may have been read from swap. @param isDryRun what
   * was moved is still present.
   */
  add(
    scan: PageCounts,
    windowStartMs: number,
    intervalMs: number,
    mostReadBack: (returned: number) => number,
    isDryRun = false,
  ): void {
    const windowMs = this.#endWindow(windowStartMs);
    const found = this.ages.add(scan, Math.max(1, windowMs / intervalMs), isDryRun);
    this.#judge(found, windowMs, mostReadBack);
  }

  /** Adds looks that were taken while pages moved; see add(). @param look their counts together. */
  addLook(
    look: PageCounts,
    windowStartMs: number,
    intervalMs: number,
    mostReadBack: (returned: number) => number,
  ): void {
    const windowMs = this.#endWindow(windowStartMs);
    this.#judge(this.ages.addLook(look, windowMs / intervalMs), windowMs, mostReadBack);
  }

  /**
   * Adds what others have seen, and a scan behind theirs, which may be about less than an interval;
   * see add().
   */
  addBehindOthers(
    { used, moved, read, seenMs }: SeenByOthers,
    scan: PageCounts,
    windowStartMs: number,
    intervalMs: number,
    mostReadBack: (returned: number) => number,
    isDryRun = false,
  ): void {
    for (const page of read) this.ages.forget(page);
    this.addLook(used, seenMs, intervalMs, mostReadBack);
    for (const page of moved) this.ages.markMoved(page);
    const windowMs = this.#endWindow(windowStartMs);
    this.#judge(this.ages.add(scan, windowMs / intervalMs, isDryRun), windowMs, mostReadBack);
  }

  #endWindow(windowStartMs: number): number {
    const windowMs = Math.max(windowStartMs - this.#windowStartMs, 1);
    this.#windowStartMs = windowStartMs;
    this.#observedSeconds += windowMs / 1000;
    return windowMs;
  }

  #judge(
    found: readonly AgeClass[],
    windowMs: number,
    mostReadBack: (returned: number) => number,
  ): void {
    const returned = found.reduce((sum, entry) => sum + entry.returned, 0);
    const share = returned === 0 ? 1 : Math.min(1, mostReadBack(returned) / returned);
    const classes = share === 1 ? found : found.map((entry) => lessened(entry, share));
    this.guard.add(classes, windowMs / 1000);
  }
}

/** What was freed and written anew was not used again. @param share that was read back. */
function lessened({ age, pages, used, returned, readBack }: AgeClass, share: number): AgeClass {
  return {
    age,
    pages,
    used: used - (1 - share) * readBack,
    returned,
    readBack: share * readBack,
  };
}
