import { expectedOf, leastAgeToGo, type OutlookData, predict } from "../../guard/outlook.ts";
import type { TaskAdvice } from "../../status/advice.ts";
import { formatDuration } from "../../text/quantities.ts";
import { predictAll, type TaskPrediction } from "./task_histogram.ts";

/** What is known of a task. */
export interface KnownTask {
  readonly name: string;
  readonly outlooks: readonly OutlookData[];
  readonly stallLimitPercent: number;
  /** Whether dram_percent can be kept: the tracker sees single pages. */
  readonly tellsPagesApart: boolean;
}

/** When to scan: the scans of a round and the pause behind it are evenly spaced. */
export interface Schedule {
  readonly loop: number;
  readonly intervalSeconds: number;
}

/** Scans of a round. Memory that is idle in all of them is cold. */
const LOOP = 3;
/** The age from which on pages go is to be told apart in so many scans. */
const STEPS = 8;
/** Intervals that are advised, in seconds. */
const INTERVALS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200];

/** Of fewer scans nothing is concluded. */
const FEWEST_SCANS = 10;
/** An age is believed when pages had time to reach it and be used again so many times over. */
const TIMES_OVER = 2;
/** Where no age fits, pages may still be growing old enough for so long. */
const PATIENCE_SECONDS = 600;
/** Less of the memory than this is not worth moving, in percent. */
const LEAST_PERCENT = 1;
/** What may be moved beyond what was seen: so much of what is predicted to stay. */
const STAYS = 0.9;

/**
 * A swap-in may take so many times as long once the advice is followed. In one run it took 31 us
 * while much came back, and 56 us when little did; in another one 35 us both times.
 */
const MAY_GET_SLOWER = 2;
/**
 * The guard acts on harm that it has seen, so a limit is overrun a little before it is kept: it is
 * set to this share of what was asked for.
 */
const ASKED_SHARE = 0.8;
/** Two decimals are what stall_limit takes. */
const LEAST_STALL_LIMIT_PERCENT = 0.01;

const MICROSECONDS = 1e6;

/** The stall_limit with which a process waits no longer than it was asked for, in percent. */
export function stallLimitBelow(askedPercent: number): number {
  // 0.3 * 0.8 * 100 is a little less than 24.
  const hundredths = Math.floor(askedPercent * ASKED_SHARE * 100 + 1e-6);
  return Math.max(LEAST_STALL_LIMIT_PERCENT, hundredths / 100);
}

/** What is concluded of a process. */
interface KnownProcess {
  readonly outlook: OutlookData;
  /** Scans, as they were, for which pages have to be idle; Infinity: none may go. */
  readonly ageScans: number;
  /** After so long enough will have been seen; 0 when it was. */
  readonly waitSeconds: number;
}

function conclude(
  outlook: OutlookData,
  { stallLimitPercent }: KnownTask,
  intervalSeconds: number,
): KnownProcess {
  const { swapInSeconds, observedSeconds } = outlook;
  const leastAge = leastAgeToGo(expectedOf(outlook), swapInSeconds, stallLimitPercent);
  const ageScans = Math.max(leastAge, LOOP);
  const neededSeconds = Number.isFinite(ageScans)
    ? TIMES_OVER * ageScans * intervalSeconds
    : PATIENCE_SECONDS;
  const needed = Math.max(FEWEST_SCANS * intervalSeconds, neededSeconds);
  return { outlook, ageScans, waitSeconds: Math.max(0, needed - observedSeconds) };
}

const pagesOf = ({ outlook }: KnownProcess): number => predict(outlook, 0).pages;

/** After how long enough will be known of half of the memory. */
function waitFor(processes: readonly KnownProcess[]): number {
  const byWait = processes.toSorted((a, b) => a.waitSeconds - b.waitSeconds);
  const half = processes.reduce((sum, one) => sum + pagesOf(one), 0) / 2;
  let known = 0;
  for (const one of byWait) {
    known += pagesOf(one);
    if (known >= half) return one.waitSeconds;
  }
  return PATIENCE_SECONDS;
}

/** What is concluded of a task before it is known how it is to be scanned. */
interface Conclusion {
  readonly task: KnownTask;
  /** Those of which enough was seen. */
  readonly known: readonly KnownProcess[];
  readonly advice: TaskAdvice;
}

function predictKnown(known: readonly KnownProcess[]): TaskPrediction {
  return predictAll(known.map(({ outlook }) => outlook), (_outlook, i) => known[i]!.ageScans);
}

function judge(
  waitSeconds: number,
  savedBytes: number,
  memoryBytes: number,
): Pick<TaskAdvice, "state" | "reason" | "wait_us"> {
  if (waitSeconds > 0) {
    const waitUs = Math.ceil(waitSeconds) * MICROSECONDS;
    const reason = `too little was seen: ask again in ${formatDuration(waitUs)}`;
    return { state: "too_little_seen", reason, wait_us: waitUs };
  }
  if (savedBytes === 0 || savedBytes * 100 < memoryBytes * LEAST_PERCENT) {
    const reason = `less than ${LEAST_PERCENT} % of the memory may go without harm`;
    return { state: "nothing_to_move", reason };
  }
  return { state: "advised" };
}

/** The same for longer swap-ins. */
function expectSlower(outlook: OutlookData): OutlookData {
  return { ...outlook, swapInSeconds: outlook.swapInSeconds * MAY_GET_SLOWER };
}

function concludeTask(seen: KnownTask, intervalSeconds: number): Conclusion {
  const task = { ...seen, outlooks: seen.outlooks.map(expectSlower) };
  const processes = task.outlooks.map((outlook) => conclude(outlook, task, intervalSeconds));
  const known = processes.filter(({ waitSeconds }) => waitSeconds === 0);
  const memoryBytes = predictAll(task.outlooks, () => 0).savedBytes;
  const prediction = predictKnown(known);
  const waitSeconds = processes.length === 0 ? FEWEST_SCANS * intervalSeconds : waitFor(processes);
  const verdict = judge(waitSeconds, prediction.savedBytes, memoryBytes);
  const isAdvised = verdict.state === "advised";
  return {
    task,
    known,
    advice: {
      name: task.name,
      ...verdict,
      memory_bytes: memoryBytes,
      stall_limit_percent: task.stallLimitPercent,
      swap_in_us: longestSwapInUs(task.outlooks),
      ...(task.tellsPagesApart && isAdvised ? { dram_percent: leastShare(known) } : {}),
      saved_bytes: prediction.savedBytes,
      returned_bytes_per_minute: Math.round(prediction.returnedBytesPerMinute),
      harm_percent: Number(prediction.harmPercent.toFixed(4)),
    },
  };
}

function longestSwapInUs(outlooks: readonly OutlookData[]): number {
  const seconds = Math.max(0, ...outlooks.map(({ swapInSeconds }) => swapInSeconds));
  return Number((seconds * MICROSECONDS).toFixed(1));
}

/** The least share of a process that is predicted to stay, and some less, in percent. */
function leastShare(known: readonly KnownProcess[]): number {
  const shares = known.map(({ outlook, ageScans }) => {
    const all = predict(outlook, 0).pages;
    return all === 0 ? 1 : 1 - predict(outlook, ageScans).pages / all;
  });
  return Math.max(1, Math.floor(100 * STAYS * Math.min(...shares)));
}

/** The longest interval in which the ages that decide are told apart, but none below what was. */
function scheduleFor(conclusions: readonly Conclusion[], intervalSeconds: number): Schedule {
  const ages = conclusions.filter(({ advice: { state } }) => state === "advised")
    .flatMap(({ known }) => known.map(({ ageScans }) => ageScans * intervalSeconds))
    .filter(Number.isFinite);
  const most = Math.min(...ages) / STEPS;
  const fitting = INTERVALS.findLast((interval) => interval <= most) ?? 1;
  return { loop: LOOP, intervalSeconds: Math.max(intervalSeconds, fitting) };
}

/**
 * What fits tasks, by what was seen of them.
 * @param intervalSeconds between the scans in which it was seen.
 * @returns undefined as the schedule when nothing is advised.
 */
export function advise(
  tasks: readonly KnownTask[],
  intervalSeconds: number,
): { readonly tasks: readonly TaskAdvice[]; readonly schedule: Schedule | undefined } {
  const conclusions = tasks.map((task) => concludeTask(task, intervalSeconds));
  const isAdvised = conclusions.some(({ advice: { state } }) => state === "advised");
  return {
    tasks: conclusions.map(({ advice }) => advice),
    schedule: isAdvised ? scheduleFor(conclusions, intervalSeconds) : undefined,
  };
}
