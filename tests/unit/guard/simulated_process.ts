import { type GuardVerdict, StallGuard } from "../../../src/guard/stall_guard.ts";
import { type OutlookData, toOutlook } from "../../../src/guard/outlook.ts";
import { PageAges } from "../../../src/tracker/page_ages.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";

const FIRST_PAGE = 2 ** 20;

/** What a simulated process does and how it is watched. */
export interface Simulation {
  readonly pages: number;
  /** The page of the next request. @param seconds since the beginning. */
  readonly draw: (seconds: number) => number;
  readonly requestsPerSecond: number;
  readonly swapInSeconds: number;
  readonly limitPercent: number;
  /** Pages of this age and older go, whatever the guard says; absent: the guard decides. */
  readonly ageScans?: number;
  /** Scans of a round, and the seconds after the last. The interval is a second. */
  readonly loop: number;
  readonly sleepSeconds: number;
}

/** A round of a simulated process. */
export interface SimulatedRound {
  /** At its end, since the beginning. */
  readonly seconds: number;
  readonly verdict: GuardVerdict;
  /** Present pages at its end. */
  readonly present: number;
  readonly faultsPerSecond: number;
  /** What the process waited, in percent. */
  readonly harmPercent: number;
}

/** A process whose pages are requested one by one, and moved as the guard allows (T=1). */
export class SimulatedProcess {
  readonly #plan: Simulation;
  readonly #present: Uint8Array;
  readonly #accessed: Uint8Array;
  readonly #ages = new PageAges();
  readonly #guard = new StallGuard();
  #seconds = 0;
  #faults = 0;

  constructor(plan: Simulation) {
    this.#plan = plan;
    this.#present = new Uint8Array(plan.pages).fill(1);
    this.#accessed = new Uint8Array(plan.pages);
    this.#live(1);
    this.#accessed.fill(0);
  }

  /** Does rounds until so many seconds have passed. */
  runUntil(seconds: number): SimulatedRound[] {
    const rounds: SimulatedRound[] = [];
    while (this.#seconds < seconds) rounds.push(this.#round());
    return rounds;
  }

  /** What is expected of its memory. */
  outlook(): OutlookData {
    const expected = this.#guard.expect(this.#ages.population());
    return toOutlook(expected, this.#plan.swapInSeconds, this.#seconds);
  }

  #live(seconds: number): void {
    const { draw, requestsPerSecond } = this.#plan;
    for (let i = 0; i < requestsPerSecond * seconds; i++) {
      const page = draw(this.#seconds + i / requestsPerSecond);
      this.#accessed[page] = 1;
      if (this.#present[page] === 0) this.#faults++;
      this.#present[page] = 1;
    }
    this.#seconds += seconds;
  }

  #scan(seconds: number): void {
    const counts = new PageCounts();
    counts.beginScan();
    for (const [page, isPresent] of this.#present.entries()) {
      if (isPresent === 1) counts.add(FIRST_PAGE + page, 1, this.#accessed[page]!, false);
    }
    counts.endScan();
    this.#accessed.fill(0);
    this.#guard.add(this.#ages.add(counts, Math.max(1, seconds)), seconds);
  }

  #round(): SimulatedRound {
    const { loop, sleepSeconds, swapInSeconds, limitPercent } = this.#plan;
    const begin = this.#seconds;
    const faults = this.#faults;
    const counts = new Uint8Array(this.#plan.pages);
    for (let scan = 0; scan < loop; scan++) {
      const seconds = scan === 0 && begin > 1 ? sleepSeconds : 1;
      this.#live(seconds);
      for (const [page, isAccessed] of this.#accessed.entries()) counts[page]! += isAccessed;
      this.#scan(seconds);
    }
    const verdict = this.#guard.judge(this.#ages.population(), swapInSeconds, limitPercent);
    const { ageScans } = this.#plan;
    if (ageScans !== undefined) this.#move(counts, ageScans);
    else if (!verdict.isPaused) this.#move(counts, verdict.ageScans);
    const spent = this.#seconds - begin;
    const faultsPerSecond = (this.#faults - faults) / spent;
    return {
      seconds: this.#seconds,
      verdict,
      present: this.#present.reduce((sum, isPresent) => sum + isPresent, 0),
      faultsPerSecond,
      harmPercent: 100 * faultsPerSecond * swapInSeconds,
    };
  }

  #move(counts: Uint8Array, ageScans: number): void {
    for (const [page, isPresent] of this.#present.entries()) {
      if (isPresent === 0 || counts[page] !== 0) continue;
      if (this.#ages.ageOf(FIRST_PAGE + page)! < ageScans) continue;
      this.#present[page] = 0;
      this.#ages.markMoved(FIRST_PAGE + page);
    }
  }
}
