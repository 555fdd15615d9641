import { readFileSync, writeFileSync } from "node:fs";
import type { AdviceDocument } from "../../src/status/advice.ts";
import type { AgeBar, HistogramDocument } from "../../src/status/histogram.ts";
import { sizesOf } from "../process_cost.ts";
import { ServerUnderTest } from "../server_under_test.ts";
import type { Workload } from "../workload/workload_table.ts";
import { WorkloadTarget } from "../workload/workload_target.ts";

/** Pages idle for so many scans are moved, one age after the other. */
const AGES = [4, 8, 16];
/** How long is looked before anything moves. */
const LOOK_SECONDS = 90;
/** After the first move of an age, and then for so long what comes back is counted. */
const SETTLE_SECONDS = 40;
const COUNT_SECONDS = 60;
/**
 * The limit that advice is asked for, and how long its lines are used before they are judged: no
 * less than the advice has looked, since the guard has to see as much before it moves as much.
 */
const STALL_PERCENT = 0.5;
const ADVICE_SECONDS = 150;
/** Advice may ask for more time so often. */
const MOST_WAITS = 3;
/** While advice is made, so much moves that the time of a swap-in is known. */
const LOOK_STALL = 10 * STALL_PERCENT;
/** How often the time of a swap-in is looked up. */
const SECONDS_PER_LOOK = 5;
/** How long an experiment takes, but for starting and moving. */
export const EXPERIMENT_SECONDS = 2 * LOOK_SECONDS +
  AGES.length * (SETTLE_SECONDS + COUNT_SECONDS) + ADVICE_SECONDS + COUNT_SECONDS;
/** In the test VM. */
export const VM_HASTE = 0.5;
const PROJECT = "bench";
const PAGE_BYTES = 4096;

/** Where an experiment is made. */
export interface Place {
  readonly folder: string;
  readonly bin: string;
  /** What workload.c was compiled to. */
  readonly executable: string;
  readonly seed: number;
  /** Everything takes so much of the time that it takes else. */
  readonly haste: number;
  /** Nothing but advice is made and followed. */
  readonly adviceOnly: boolean;
}

/** What was predicted of an age, and what came of moving from that age on. */
export interface AgeResult {
  readonly age: number;
  readonly predictedBytes: number;
  readonly movedBytes: number;
  readonly predictedReturnsPerSecond: number;
  readonly returnsPerSecond: number;
}

/** What advice promised, and what came of it. */
export interface AdviceResult {
  readonly lines: readonly string[];
  /** How long a swap-in took while it was looked, and while it moved. */
  readonly expectedSwapInUs: number;
  readonly swapInUs: number;
  readonly predictedBytes: number;
  readonly savedBytes: number;
  readonly stallPercent: number;
  readonly harmPercent: number;
}

/** What came of an experiment. */
export interface Result {
  readonly workload: string;
  /** Of the workload and of the machine, while it was looked, if it was: neither is to rise. */
  readonly swappedWhileLooking?: { readonly bytes: number; readonly machinePages: number };
  readonly ages: readonly AgeResult[];
  /** Why there is none, where there is none. */
  readonly advice: AdviceResult | string;
}

function majorFaults(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return Number(fields[9]);
}

function swappedOutByMachine(): number {
  return Number(/^pswpout (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1]);
}

const swapOf = (pid: number): number => sizesOf(pid, ["VmSwap"]).VmSwap;

/** What of a target is in swap on average, and how often it reads that back, for some seconds. */
async function measure(
  pid: number,
  seconds: number,
): Promise<{ swapBytes: number; returnsPerSecond: number }> {
  const before = majorFaults(pid);
  const begin = performance.now();
  let sum = 0;
  for (let i = 0; i < seconds; i++) {
    await Bun.sleep(1000);
    sum += swapOf(pid);
  }
  const passed = (performance.now() - begin) / 1000;
  return {
    swapBytes: sum / seconds,
    returnsPerSecond: (majorFaults(pid) - before) / passed,
  };
}

/** A server and a fresh target that is at work. */
class Trial implements AsyncDisposable {
  readonly server: ServerUnderTest;
  readonly target: WorkloadTarget;

  private constructor(server: ServerUnderTest, target: WorkloadTarget) {
    this.server = server;
    this.target = target;
  }

  static async begin(workload: Workload, place: Place): Promise<Trial> {
    const { folder, bin, executable, seed } = place;
    const target = await WorkloadTarget.start({
      executable,
      workload,
      course: { seconds: 3600, seed },
      windowSeconds: 3600,
      comm: "predicted",
    });
    const server = await ServerUnderTest.start(folder, { bin });
    // The server finds out what trackers there are, which takes long in the test VM.
    await server.status();
    target.go();
    return new Trial(server, target);
  }

  get pid(): number {
    return this.target.pids[0]!;
  }

  histogram(): readonly AgeBar[] {
    const text = this.server.etmem("histogram", "-n", PROJECT, "--json");
    return (JSON.parse(text) as HistogramDocument).tasks[0]?.ages ?? [];
  }

  /** What the guard measured last, in microseconds. */
  async swapInUs(): Promise<number> {
    const { rounds } = await this.server.task();
    return rounds.find(({ guard }) => guard !== undefined)?.guard?.swap_in_us ?? 0;
  }

  /** The mean of what the guard measured in some seconds. */
  async meanSwapInUs(seconds: number): Promise<number> {
    const times = Math.max(1, Math.round(seconds / SECONDS_PER_LOOK));
    let sum = 0;
    for (let i = 0; i < times; i++) {
      await Bun.sleep(seconds / times * 1000);
      sum += await this.swapInUs();
    }
    return sum / times;
  }

  advice(): AdviceDocument {
    const stall = ["--stall", String(STALL_PERCENT)];
    const text = this.server.etmem("advise", "-n", PROJECT, ...stall, "--json");
    return JSON.parse(text) as AdviceDocument;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.target[Symbol.dispose]();
  }
}

/** Looks at a workload, and says what is predicted. */
async function look(workload: Workload, place: Place): Promise<{
  bars: readonly AgeBar[];
  swapped: NonNullable<Result["swappedWhileLooking"]>;
}> {
  await using trial = await Trial.begin(workload, place);
  const before = swappedOutByMachine();
  const project = { loop: 3, interval: 1, sleep: 1 };
  trial.server.addTask({ type: "pid", value: trial.pid, stall_limit: "no" }, project);
  trial.server.etmem("project", "start", "-n", PROJECT, "--dry-run");
  await Bun.sleep(LOOK_SECONDS * 1000 * place.haste);
  const swapped = {
    bytes: swapOf(trial.pid),
    machinePages: swappedOutByMachine() - before,
  };
  return { bars: trial.histogram(), swapped };
}

/**
 * Has advice made while memory moves: a dry run does not know how long a swap-in takes here.
 */
async function adviceFor(
  workload: Workload,
  place: Place,
): Promise<{ advice: AdviceDocument; swapInUs: number; lookedMs: number }> {
  await using trial = await Trial.begin(workload, place);
  const project = { loop: 3, interval: 1, sleep: 1 };
  trial.server.startTask({ type: "pid", value: trial.pid, stall_limit: LOOK_STALL }, project);
  const begin = performance.now();
  await Bun.sleep(LOOK_SECONDS * 1000 * place.haste);
  let advice = trial.advice();
  for (let waits = 0; waits < MOST_WAITS && advice.state === "too_little_seen"; waits++) {
    await Bun.sleep((advice.tasks[0]?.wait_us ?? 0) / 1000);
    advice = trial.advice();
  }
  return { advice, swapInUs: await trial.swapInUs(), lookedMs: performance.now() - begin };
}

/** Moves what has been idle for so many scans. */
async function moveFrom(age: number, workload: Workload, place: Place): Promise<
  { swapBytes: number; returnsPerSecond: number }
> {
  await using trial = await Trial.begin(workload, place);
  const project = { loop: age, interval: 1, sleep: 1 };
  trial.server.startTask({ type: "pid", value: trial.pid, stall_limit: "no" }, project);
  await trial.server.untilRounds(1);
  await Bun.sleep(SETTLE_SECONDS * 1000 * place.haste);
  return await measure(trial.pid, COUNT_SECONDS * place.haste);
}

async function follow(
  advised: Awaited<ReturnType<typeof adviceFor>>,
  workload: Workload,
  place: Place,
): Promise<AdviceResult> {
  const { advice: { lines, tasks }, swapInUs: expectedSwapInUs, lookedMs } = advised;
  await using trial = await Trial.begin(workload, place);
  const file = `${place.folder}/advised.conf`;
  const text = lines.map((line) => line.startsWith("value=") ? `value=${trial.pid}` : line);
  writeFileSync(file, `${text.join("\n")}\n`, { mode: 0o600 });
  trial.server.etmem("obj", "add", "-f", file);
  trial.server.startProject();
  await Bun.sleep(Math.max(ADVICE_SECONDS * 1000 * place.haste, lookedMs));
  const countSeconds = COUNT_SECONDS * place.haste;
  const [{ swapBytes, returnsPerSecond }, swapInUs] = await Promise.all([
    measure(trial.pid, countSeconds),
    trial.meanSwapInUs(countSeconds),
  ]);
  return {
    lines,
    expectedSwapInUs,
    swapInUs,
    predictedBytes: tasks[0]!.saved_bytes,
    savedBytes: swapBytes,
    stallPercent: STALL_PERCENT,
    harmPercent: 100 * returnsPerSecond * swapInUs / 1e6,
  };
}

/** Has advice made, and follows it. */
async function adviseAndFollow(
  workload: Workload,
  place: Place,
): Promise<AdviceResult | string> {
  const advised = await adviceFor(workload, place);
  const { state, tasks } = advised.advice;
  return state === "advised" ? await follow(advised, workload, place) : tasks[0]?.reason ?? state;
}

/** Has ages predicted, and moves from each of them on. */
async function predictAges(
  workload: Workload,
  place: Place,
): Promise<Pick<Result, "swappedWhileLooking" | "ages">> {
  const { bars, swapped } = await look(workload, place);
  const ages: AgeResult[] = [];
  for (const age of AGES) {
    const bar = bars.find(({ age_scans: scans }) => scans === age);
    const { swapBytes, returnsPerSecond } = await moveFrom(age, workload, place);
    ages.push({
      age,
      predictedBytes: bar?.saved_bytes ?? 0,
      movedBytes: swapBytes,
      predictedReturnsPerSecond: (bar?.returned_bytes_per_minute ?? 0) / PAGE_BYTES / 60,
      returnsPerSecond,
    });
  }
  return { swappedWhileLooking: swapped, ages };
}

/** Predicts what moving memory of a workload comes to, and moves it. */
export async function predictAndMove(workload: Workload, place: Place): Promise<Result> {
  return {
    workload: workload.name,
    ...(place.adviceOnly ? { ages: [] } : await predictAges(workload, place)),
    advice: await adviseAndFollow(workload, place),
  };
}
