import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";

/** A task from one start of its project to the stop, as seen from outside. */
export interface TaskRecord {
  /** For people: project and task. */
  readonly label: string;
  readonly loop: number;
  readonly intervalMs: number;
  readonly sleepMs: number;
  /** How long other tasks with the same processes may have each of them, at most: the second waits for its turn. */
  readonly othersMs: number;
  /** In ascending order, each as it was when last seen. */
  readonly rounds: readonly RoundStatus[];
  /** From the end of the round before to the beginning of the one of this number, in ms. */
  readonly pausesMs: ReadonlyMap<number, number>;
  /** Whether it was looked at after the stop; otherwise the last round may still be running. */
  readonly isEnded: boolean;
  readonly total: TaskStatus["total"];
}

/** How long the server computed, or waited for a processor, in a span of time: what may delay it. */
export type Delay = (fromMs: number, toMs: number) => number;

/** What timers are off by. */
const EARLY_MS = 5;
/** What nobody accounts for: waking up, starting a thread. */
const LATE_MS = 500;

const sum = (list: readonly { readonly bytes: number }[]): number =>
  list.reduce((total, { bytes }) => total + bytes, 0);

/** The times of day are good enough to say what delayed a round, not for how long: clocks are set. */
const startMs = (round: RoundStatus): number => Date.parse(round.started_at);
const endMs = (round: RoundStatus): number => startMs(round) + round.duration_us / 1000;

/** What is wrong with the numbers of one round. */
function balanceFaults(round: RoundStatus): string[] {
  const faults: string[] = [];
  const balances: [string, number, number][] = [
    ["present", round.present_bytes, round.hot_bytes + round.cold_bytes],
    ["cold", round.cold_bytes, round.asked_bytes + sum(round.spared)],
    ["asked", round.asked_bytes, round.moved_bytes + sum(round.refused)],
  ];
  for (const [name, whole, parts] of balances) {
    if (whole !== parts) faults.push(`${name} is ${whole}, its parts are ${parts}`);
  }
  if (round.scan_errors !== 0) faults.push(`${round.scan_errors} scan errors`);
  return faults;
}

/** What is wrong with when a round took place. */
function durationFaults(task: TaskRecord, round: RoundStatus, delay: Delay): string[] {
  if (round.state !== "done") return [];
  const durationMs = round.duration_us / 1000;
  const shortest = round.present_bytes > 0 ? (task.loop - 1) * task.intervalMs - EARLY_MS : 0;
  const { vmas_us, scan_us, classify_us, move_us, verify_us, swapcache_us } = round.phases;
  const workMs = (vmas_us + scan_us + classify_us + move_us + verify_us + swapcache_us) / 1000;
  // One scan more for processes that were not scanned before.
  const longest = (task.loop + 1) * task.intervalMs + task.othersMs + workMs +
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
  if (pauseMs < task.sleepMs - EARLY_MS) return [`it began ${pauseMs} ms after the one before`];
  if (pauseMs > longest) return [`it began ${pauseMs} ms after the one before, not ${longest}`];
  return [];
}

/** What is wrong with the sums over all rounds. */
function totalFaults({ rounds, total }: TaskRecord): string[] {
  const sums = { rounds: 0, asked_bytes: 0, moved_bytes: 0, came_back_bytes: 0 };
  for (const round of rounds) {
    if (round.state === "running") continue;
    if (round.state === "done") sums.rounds++;
    sums.asked_bytes += round.asked_bytes;
    sums.moved_bytes += round.moved_bytes;
    sums.came_back_bytes += round.came_back_bytes;
  }
  const names = ["rounds", "asked_bytes", "moved_bytes", "came_back_bytes"] as const;
  const faults = names.flatMap((name) =>
    sums[name] === total[name] ? [] : [`total ${name} is ${total[name]}, not ${sums[name]}`]
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
    own.push(...balanceFaults(round), ...durationFaults(task, round, delay));
    if (before !== undefined) own.push(...pauseFaults(task, before, round, delay));
    faults.push(...own.map((fault) => `round ${round.number}: ${fault}`));
  }
  return faults.map((fault) => `${task.label}: ${fault}`);
}
