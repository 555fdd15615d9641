import type { AgeClass, PagesOfAge } from "../tracker/page_ages.ts";
import { AgeHistory, type AgeHistoryData, type ExpectedUses } from "./age_history.ts";
import { harmPercent, youngestToGo } from "./outlook.ts";

/** Harm is measured over the last round, but at least over so long. */
const SHORTEST_WINDOW_SECONDS = 4;
/**
 * What was predicted is multiplied by this after each round whose harm was above the limit, and
 * comes back to itself in the rounds after that.
 */
const STRICTER = 1.2;
const STRICTEST = 1000;
const RELAXED = 0.95;

/**
 * What is expected rests on two histories, and the worse one counts. In ten minutes the long one
 * loses 95 % of what it saw. Only the short one soon notices that a process has changed.
 */
const LONG_MEMORY_SECONDS = 200;
const SHORT_MEMORY_SECONDS = 20;

/** A round as the guard saw it. */
interface GuardedRound {
  readonly seconds: number;
  /** Pages that were moved, and used again. */
  readonly readBack: number;
}

/** A StallGuard as plain data, to be handed to another thread. */
export interface StallGuardData {
  readonly long: AgeHistoryData;
  readonly short: AgeHistoryData;
  readonly rounds: readonly GuardedRound[];
  readonly strictness: number;
}

/** What the guard lets go in a round. */
export interface GuardVerdict {
  /**
   * Scans for which a page has to have been idle; 0: the threshold T decides alone, Infinity: no
   * page is old enough.
   */
  readonly ageScans: number;
  /** Share of time in percent that the process is expected to wait for what is as old. */
  readonly predictedPercent: number;
  /** The same, as it was in the last round. */
  readonly measuredPercent: number;
  /** Nothing is to be moved, since the process waits for longer than it should already. */
  readonly isPaused: boolean;
}

/**
 * Keeps a process from waiting for its own memory: it finds the age at which pages come back so
 * rarely that reading them takes the process no more than a share of its time. Harm, in percent of
 * wall time: 100 * pages read back * mean time of a swap-in / time.
 */
export class StallGuard {
  readonly #long: AgeHistory;
  readonly #short: AgeHistory;
  readonly #rounds: GuardedRound[];
  #strictness: number;

  constructor(data?: StallGuardData) {
    this.#long = new AgeHistory(LONG_MEMORY_SECONDS, data?.long);
    this.#short = new AgeHistory(SHORT_MEMORY_SECONDS, data?.short);
    this.#rounds = [...data?.rounds ?? [{ seconds: 0, readBack: 0 }]];
    this.#strictness = data?.strictness ?? 1;
  }

  toData(): StallGuardData {
    return {
      long: this.#long.toData(),
      short: this.#short.toData(),
      rounds: this.#rounds,
      strictness: this.#strictness,
    };
  }

  /** Adds what a scan found to the round that goes on. @param seconds the time that it is about. */
  add(classes: readonly AgeClass[], seconds: number): void {
    this.#long.add(classes, seconds);
    this.#short.add(classes, seconds);
    const round = this.#rounds.at(-1)!;
    let { readBack } = round;
    for (const entry of classes) readBack += entry.readBack;
    this.#rounds[this.#rounds.length - 1] = { seconds: round.seconds + seconds, readBack };
  }

  /** Harm of the last round, in percent. @param swapInSeconds mean time of a swap-in. */
  measured(swapInSeconds: number): number {
    let seconds = 0;
    let readBack = 0;
    for (const round of this.#rounds.toReversed()) {
      if (seconds >= SHORTEST_WINDOW_SECONDS) break;
      seconds += round.seconds;
      readBack += round.readBack;
    }
    return harmPercent(readBack / Math.max(seconds, SHORTEST_WINDOW_SECONDS), swapInSeconds);
  }

  /**
   * Ends a round.
   * @param population pages by age, present and moved. @param swapInSeconds mean time of a swap-in.
   * @param limitPercent the most that the process shall wait.
   * @param risePercent by how much more than usual its control group waits for memory.
   */
  judge(
    population: readonly PagesOfAge[],
    swapInSeconds: number,
    limitPercent: number,
    risePercent = 0,
  ): GuardVerdict {
    const measuredPercent = Math.max(this.measured(swapInSeconds), risePercent);
    const isPaused = measuredPercent > limitPercent;
    this.#strictness = isPaused
      ? Math.min(this.#strictness * STRICTER, STRICTEST)
      : Math.max(this.#strictness * RELAXED, 1);
    this.#beginRound();
    const expected = this.expect(population);
    const youngest = youngestToGo(expected, swapInSeconds, limitPercent / this.#strictness);
    return {
      ageScans: youngest?.age ?? Number.POSITIVE_INFINITY,
      predictedPercent: harmPercent(youngest?.usesPerSecond ?? 0, swapInSeconds),
      measuredPercent,
      isPaused,
    };
  }

  /**
   * For each class of ages, oldest first, how often the pages of this and of all older ones are
   * expected to be used. Empty while nothing was seen.
   * @param population pages by age, present and moved.
   */
  expect(population: readonly PagesOfAge[]): ExpectedUses[] {
    const recent = this.#short.expect(population);
    return this.#long.expect(population).map(({ age, pages, moved, usesPerSecond }, i) => ({
      age,
      pages,
      moved,
      usesPerSecond: Math.max(usesPerSecond, recent[i]!.usesPerSecond),
    }));
  }

  #beginRound(): void {
    this.#rounds.push({ seconds: 0, readBack: 0 });
    // of rounds that follow each other at once
    if (this.#rounds.length > SHORTEST_WINDOW_SECONDS + 1) this.#rounds.shift();
  }
}
