import { TOTAL_FIGURES } from "../../../src/status/round_figures.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { accountFaults } from "../../tools/fixtures/account_faults.ts";

/** A task from one start of its project to the stop, as seen from outside. */
export interface TaskRecord {
  /** For people: project and task. */
  readonly label: string;
  readonly loop: number;
  readonly intervalMs: number;
  readonly sleepMs: number;
  /**
   * How long other tasks with the same processes may have each of them, at most:
   * the second waits for its turn.
   */
  readonly othersMs: number;
  /** In ascending order, each as it was when last seen. */
  readonly rounds: readonly RoundStatus[];
  /** From the end of the round before to the beginning of the one of this number, in ms. */
  readonly pausesMs: ReadonlyMap<number, number>;
  /** Whether it was looked at after the stop; otherwise the last round may still be running. */
  readonly isEnded: boolean;
  readonly total: TaskStatus["total"];
}

/**
 * How long the server computed, or waited for a processor, in a span of time: what may delay it.
 */
export type Delay = (fromMs: number, toMs: number) => number;

/** What timers are off by. */
const EARLY_MS = 5;
/** What nobody accounts for: waking up, starting a thread. */
const LATE_MS = 500;

/**
 * The times of day are good enough to say what delayed a round, not for how long: clocks are set.
 */
const startMs = (round: RoundStatus): number => Date.parse(round.started_at);
const endMs = (round: RoundStatus): number => startMs(round) + round.duration_us / 1000;

/** What is wrong with the numbers of one round. */
function numberFaults(round: RoundStatus): string[] {
  const { scan_errors: errors } = round;
  return [...accountFaults(round), ...(errors === 0 ? [] : [`${errors} scan errors`])];
}

/** What is wrong with when a round took place. */
function durationFaults(task: TaskRecord, round: RoundStatus, delay: Delay): string[] {
  if (round.state !== "done") return [];
  const durationMs = round.duration_us / 1000;
  const shortest = round.present_bytes > 0 ? (task.loop - 1) * task.intervalMs - EARLY_MS : 0;
  const workMs = Object.values(round.phases).reduce((sum, us) => sum + us, 0) / 1000;
  // After each request a move rests as long as that took, or a millisecond.
  const restMs = 2 * round.phases.move_us / 1000;
  // One scan more for processes that were not scanned before.
  const longest = (task.loop + 1) * task.intervalMs + task.othersMs + workMs + restMs +
    delay(startMs(round), endMs(round)) + LATE_MS;
  if (durationMs < shortest) return [`it took ${durationMs} ms, less than ${shortest}`];
  if (durationMs > longest) return [`it took ${durationMs} ms, more than ${longest}`];
  return [];
}

/** What is wrong with the time between two rounds. */
function pauseFaults(
  task: TaskRecord,
  before: RoundStatus,
  round: RoundStatus,
  delay: Delay,
): string[] {
  const pauseMs = task.pausesMs.get(round.number);
  if (pauseMs === undefined) return ["it was not seen together with the one before"];
  const longest = task.sleepMs + delay(endMs(before), startMs(round)) + LATE_MS;
  // Sleep counts from the last scan, which was at the earliest when the others had been.
  const movingMs = before.duration_us / 1000 - (task.loop - 1) * task.intervalMs;
  if (pauseMs < task.sleepMs - Math.max(movingMs, 0) - EARLY_MS) {
    return [`it began ${pauseMs} ms after the one before`];
  }
  if (pauseMs > longest) return [`it began ${pauseMs} ms after the one before, not ${longest}`];
  return [];
}

/** What is wrong with the sums over all rounds. */
function totalFaults({ rounds, total }: TaskRecord): string[] {
  const ended = rounds.filter(({ state }) => state !== "running");
  const done = ended.filter(({ state }) => state === "done").length;
  const sums = TOTAL_FIGURES.map(({ name }) =>
    [name, ended.reduce((sum, round) => sum + round[name], 0)] as const
  );
  const faults = [["rounds", done] as const, ...sums].flatMap(([name, sum]) =>
    sum === total[name] ? [] : [`total ${name} is ${total[name]}, not ${sum}`]
  );
  if (total.came_back_bytes > total.moved_bytes) {
    faults.push(`${total.came_back_bytes} bytes came back of ${total.moved_bytes}`);
  }
  return faults;
}

/** What is wrong with a task: no round is missing, each was at its time, and its numbers add up. */
export function runFaults(task: TaskRecord, delay: Delay): string[] {
  const faults = totalFaults(task);
  for (const [index, round] of task.rounds.entries()) {
    const before = task.rounds[index - 1];
    const own: string[] = [];
    if (round.number !== index + 1) own.push(`it is the one after round ${before?.number ?? 0}`);
    if (round.state !== "done" && index !== task.rounds.length - 1) {
      own.push(`it is ${round.state}`);
    }
    if (round.state === "running" && task.isEnded) own.push("it still runs");
    own.push(...numberFaults(round), ...durationFaults(task, round, delay));
    if (before !== undefined) own.push(...pauseFaults(task, before, round, delay));
    faults.push(...own.map((fault) => `round ${round.number}: ${fault}`));
  }
  return faults.map((fault) => `${task.label}: ${fault}`);
}
