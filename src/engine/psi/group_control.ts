import type { PsiTaskDescription } from "../../config/engines/psi.ts";
import type { PressureAverages } from "../../procfs/group_pressure.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** What has happened to a group since it was made. */
export interface GroupCounters {
  /** Base pages that came back soon after they were reclaimed, from swap and of files. */
  readonly anonRefaults: number;
  readonly fileRefaults: number;
  /** Page faults that waited for a read. */
  readonly majorFaults: number;
}

/** What is read of a group at the beginning of a round. */
export interface GroupSample {
  readonly usageBytes: number;
  /** Page cache that can be reclaimed. */
  readonly fileBytes: number;
  /** Memory that can be reclaimed while there is swap space for it. */
  readonly anonBytes: number;
  /** Swap space that it may still use. */
  readonly swapRoomBytes: number;
  /** What it may use at most; Infinity: no limit. */
  readonly maxBytes: number;
  /** Of it and the groups above it: what may go before memory.low or memory.min is reached. */
  readonly unprotected?: { readonly bytes: number; readonly limit: string } | undefined;
  readonly protectedBytes: number;
  /** What groups right below it use and protect. */
  readonly protectedBelowBytes: number;
  readonly memoryPressure: PressureAverages;
  readonly ioPressure: PressureAverages;
  readonly counters: GroupCounters;
  /** By monotonicMs(): when it was taken. */
  readonly takenMs: number;
}

/** How long a page takes to be read back, in seconds. */
export interface ReadTimes {
  readonly swap: number;
  readonly file: number;
}

/** What a round does with a group, and why. */
export interface GroupDecision {
  /** What is to stay of it at least. */
  readonly limitBytes: number;
  readonly askBytes: number;
  /** Share of what is above the limit that is asked for, 0 to 1. */
  readonly rate: number;
  /** The worse of avg10 and avg60. */
  readonly memoryPercent: number;
  readonly ioPercent: number;
  /** Time that its refaults and major faults took since the round before, in percent. */
  readonly refaultPercent: number;
  /** In base pages, since the round before. */
  readonly refaults: number;
  readonly majorFaults: number;
  /** Why nothing is asked for. */
  readonly held?: Reason;
}

type Settings = Pick<
  PsiTaskDescription,
  | "pressurePercent"
  | "rate"
  | "rateMin"
  | "rateMax"
  | "limitMinBytes"
  | "limitMinRatio"
  | "reclaimMaxBytes"
>;

/** The rate changes by so much. */
const RATE_STEP = 0.01;
/** After so many good rounds in a row it becomes larger. */
const GOOD_ROUNDS = 5;
/** After so many bad rounds in a row it becomes smaller. */
const BAD_ROUNDS = 2;
/** What was missed stays, and becomes less by this share, doubled with each step in a row. */
const FORGOTTEN_SHARE = 0.01;
/** The kernel reclaims 32 pages at a time (SWAP_CLUSTER_MAX): less is not worth a call. */
const LEAST_ASK_BYTES = 128 * 1024;

const NO_COUNTERS: GroupCounters = { anonRefaults: 0, fileRefaults: 0, majorFaults: 0 };

/**
 * Decides round by round how much is reclaimed of one group. A round is bad when the group waits:
 * by PSI for memory or io, or by what came back. PSI does not count reads from zram, so the time of
 * those is estimated from the refaults and major faults. Nothing is asked for in a bad round. What
 * the group used then stays, since that is its working set; with good rounds this is forgotten.
 */
export class GroupControl {
  readonly #settings: Settings;
  #rate: number;
  #good = 0;
  #bad = 0;
  /** What the group used when it missed memory. */
  #missedBytes = 0;
  #forget = FORGOTTEN_SHARE;
  #firstUsageBytes: number | undefined;
  #last: GroupSample | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#rate = settings.rate;
  }

  /** The decision of a round. */
  decide(sample: GroupSample, readTimes: ReadTimes): GroupDecision {
    this.#firstUsageBytes ??= sample.usageBytes;
    const waits = this.#waitsOf(sample, readTimes);
    const { pressurePercent } = this.#settings;
    const { memoryPercent, ioPercent, refaultPercent } = waits;
    const missed = held(pressurePercent, memoryPercent, ioPercent, refaultPercent);
    this.#last = sample;
    this.#adapt(missed === undefined, sample.usageBytes);
    const limitBytes = this.#limitOf(sample);
    const common = { ...waits, limitBytes, rate: this.#rate };
    if (missed !== undefined) return { ...common, askBytes: 0, held: missed };
    return { ...common, ...this.#ask(sample, limitBytes) };
  }

  /**
   * Whether a group misses memory in the middle of a round: since it began, what came back took so
   * much time that the next round would be bad for it.
   * @param roundMs from one round to the next.
   */
  misses(counters: GroupCounters, readTimes: ReadTimes, roundMs: number): boolean {
    if (this.#last === undefined) return false;
    const takenMs = this.#last.takenMs + roundMs;
    const { refaultPercent } = this.#waitsOf({ ...this.#last, counters, takenMs }, readTimes);
    return refaultPercent >= this.#settings.pressurePercent;
  }

  #waitsOf(sample: GroupSample, readTimes: ReadTimes) {
    const last = this.#last;
    const now = sample.counters;
    // In its first round nothing is known of what happened when.
    const before = last?.counters ?? now;
    // A group that was made anew counts anew.
    const since = (name: keyof GroupCounters): number =>
      now[name] - (now[name] < before[name] ? NO_COUNTERS : before)[name];
    const file = since("fileRefaults");
    const refaults = since("anonRefaults") + file;
    const majorFaults = since("majorFaults");
    const waitedSeconds = file * readTimes.file +
      (Math.max(refaults, majorFaults) - file) * readTimes.swap;
    const seconds = (sample.takenMs - (last?.takenMs ?? 0)) / 1000;
    return {
      memoryPercent: worse(sample.memoryPressure),
      ioPercent: worse(sample.ioPressure),
      refaultPercent: seconds > 0 ? (100 * waitedSeconds) / seconds : 0,
      refaults,
      majorFaults,
    };
  }

  /** After some good rounds in a row the rate rises, after some bad ones it falls. */
  #adapt(isGood: boolean, usageBytes: number): void {
    const { rateMin, rateMax } = this.#settings;
    this.#good = isGood ? this.#good + 1 : 0;
    this.#bad = isGood ? 0 : this.#bad + 1;
    if (!isGood) {
      this.#missedBytes = usageBytes;
      this.#forget = FORGOTTEN_SHARE;
    }
    // What the group has given up by itself it does not miss.
    this.#missedBytes = Math.min(this.#missedBytes, usageBytes);
    if (this.#good === GOOD_ROUNDS) {
      this.#good = 0;
      this.#rate = Math.min(rateMax, this.#rate + RATE_STEP);
      this.#missedBytes *= 1 - this.#forget;
      this.#forget = Math.min(1, 2 * this.#forget);
    }
    if (this.#bad === BAD_ROUNDS) {
      this.#bad = 0;
      this.#rate = Math.max(rateMin, this.#rate - RATE_STEP);
    }
  }

  #limitOf({ usageBytes, fileBytes, anonBytes, swapRoomBytes, ...sample }: GroupSample): number {
    const { limitMinBytes, limitMinRatio } = this.#settings;
    const reclaimable = fileBytes + Math.min(anonBytes, swapRoomBytes);
    const unreclaimable = Math.max(0, usageBytes - reclaimable);
    const size = Number.isFinite(sample.maxBytes) ? sample.maxBytes : this.#firstUsageBytes ?? 0;
    return Math.ceil(Math.max(
      Math.max(limitMinBytes, sample.protectedBelowBytes) + unreclaimable,
      sample.protectedBytes,
      limitMinRatio * size,
      this.#missedBytes,
    ));
  }

  #ask(
    { usageBytes, unprotected }: GroupSample,
    limitBytes: number,
  ): Pick<GroupDecision, "askBytes" | "held"> {
    const above = usageBytes - limitBytes;
    const wanted = Math.min(this.#rate * above, this.#settings.reclaimMaxBytes);
    if (wanted < LEAST_ASK_BYTES) {
      return { askBytes: 0, held: because("at_group_limit") };
    }
    const askBytes = Math.floor(Math.min(wanted, unprotected?.bytes ?? Infinity));
    return unprotected !== undefined && askBytes < LEAST_ASK_BYTES
      ? { askBytes: 0, held: because("group_protected", unprotected.limit) }
      : { askBytes };
  }
}

function worse({ avg10, avg60 }: PressureAverages): number {
  return Math.max(avg10, avg60);
}

/** Why a round is bad; undefined: it is good. */
function held(limit: number, memory: number, io: number, refault: number): Reason | undefined {
  if (memory >= limit) return because("group_waits", "memory");
  if (io >= limit) return because("group_waits", "io");
  return refault >= limit ? because("group_misses_memory") : undefined;
}
