import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { Target, type TargetOptions, type TargetProcess } from "../../tools/fixtures/target.ts";
import { hugeBytes, PAGE_BYTES, presentElsewhere, SWAPPED, whereabouts } from "./address_space.ts";
import { demand, demandNone, note } from "./demand.ts";
import { faultsOf, type SlideObservation } from "./judgement.ts";
import {
  abiStats,
  BIN,
  kernelActivity,
  kernelSwap,
  resetAbiStats,
  setKernelSwap,
  swapOnZram,
} from "./machine.ts";
import { type Groups, Server } from "./server.ts";

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;
export const TASK = "cold_memory";
const PROJECT = "vm";

let targets = 0;

/** Starts target.c in the VM, by another program when `through` names one. */
export function startTarget(
  options: TargetOptions,
  through: readonly string[] = [],
): Promise<Target> {
  targets += 1;
  return Target.start([...through, `${BIN}/target`], `/tmp/record-${targets}`, options);
}

type Keys = Readonly<Record<string, string | number>>;

/**
 * What differs from one project with loop=3 interval=1 sleep=1 and
 * one task with T=1 of one process, and without a guard, which waits longer on a busy host.
 */
export interface SlideKeys {
  readonly project?: Keys;
  readonly task?: Keys;
}

/** A configuration of the slide engine with one task. */
export function slideConfig(pid: number, keys: SlideKeys = {}): Groups {
  const project = { name: PROJECT, loop: 3, interval: 1, sleep: 1, ...keys.project };
  const task = { name: TASK, type: "pid", value: pid, T: 1, stall_limit: "no", ...keys.task };
  return [
    ["project", project],
    ["engine", { name: "slide", project: PROJECT }],
    ["task", { project: PROJECT, engine: "slide", ...task }],
  ];
}

export async function startProject(server: Server): Promise<void> {
  await server.etmem("project", "start", "-n", PROJECT);
}

export async function stopProject(server: Server): Promise<void> {
  await server.etmem("project", "stop", "-n", PROJECT);
}

/** A round by its number. @throws {Error} when status no longer shows it. */
export function roundOf(task: TaskStatus, number: number): RoundStatus {
  const round = task.rounds.find((one) => one.number === number);
  if (round === undefined) {
    throw new Error(`Cannot find round ${number} of the task "${task.name}"`);
  }
  return round;
}

/** Whether a page of the area is one of those that the target touches all the time. */
export function isHot(options: TargetOptions, page: number): boolean {
  const [kind, n] = (options.hot ?? "none").split(":");
  const pages = options.sizeBytes / PAGE_BYTES;
  if (kind === "first") return page < pages / Number(n);
  // is_drawn() of target.c
  if (kind === "random") return (Math.imul(page, 2654435761) >>> 16) % Number(n) === 0;
  return kind === "every" && page % Number(n) === 0;
}

/** How many pages of a process's area are in swap, cold and hot ones. */
export function swappedPages(
  target: Target,
  process: TargetProcess,
): { readonly cold: number; readonly hot: number } {
  let cold = 0;
  let hot = 0;
  for (
    const [page, where] of whereabouts(process.pid, process.start, process.sizeBytes).entries()
  ) {
    if (where !== SWAPPED) continue;
    if (isHot(target.options, page)) hot += 1;
    else cold += 1;
  }
  return { cold, hot };
}

function sum(processes: readonly TargetProcess[], of: (process: TargetProcess) => number): number {
  return processes.reduce((total, process) => total + of(process), 0);
}

/** What a trial needs to know from before the project starts. */
interface Before {
  readonly majorFaults: number;
  readonly otherBytes: number;
}

/** Takes what is to be compared later. */
export function lookBefore(target: Target): Before {
  const processes = target.processes();
  resetAbiStats();
  // the pages that a reservation holds besides the area are as cold as the rest
  const parent = target.options.children === undefined ? [] : [target.pid];
  const elsewhere = [...processes.map((p) => p.pid), ...parent].reduce((bytes, pid) => {
    const process = processes.find((one) => one.pid === pid);
    return bytes + presentElsewhere(pid, process?.start ?? 0, process?.sizeBytes ?? 0);
  }, 0);
  return {
    majorFaults: sum(processes, (p) => p.majorFaults),
    otherBytes: elsewhere + sum(processes, (p) => p.strayPages) * PAGE_BYTES,
  };
}

/** Looks at the target and the kernel once a round was done; compares the contents at the end. */
export async function lookAfter(
  target: Target,
  before: Before,
  record: { readonly askedBytes: number; readonly mover: string | undefined },
): Promise<SlideObservation> {
  const processes = target.processes();
  const hotPages = sum(processes, (p) => p.hotPages);
  const countable = record.mover === "swap_pages" && target.options.huge !== true;
  const seen = {
    hotPages,
    coldPages: sum(processes, (p) => p.sizeBytes / PAGE_BYTES) - hotPages,
    coldPagesInSwap: sum(processes, (p) => swappedPages(target, p).cold),
    otherBytes: before.otherBytes,
    pageBytes: PAGE_BYTES,
    askedBytes: record.askedBytes,
    ...(countable ? { kernelAskedPages: abiStats()("swap_addrs") } : {}),
    majorFaults: sum(processes, (p) => p.majorFaults) - before.majorFaults,
    longestGapUs: Math.max(...processes.map((p) => p.longestGapUs)),
    kernelSwap: kernelSwap(),
  };
  const badPages = await target.verify();
  return { ...seen, badPages: badPages + sum(target.processes(), (p) => p.wrongTouches) };
}

/** What a finished trial leaves for further questions. */
export interface Trial {
  readonly target: Target;
  readonly server: Server;
  /** As status showed it after the first round. */
  readonly task: TaskStatus;
}

/**
 * The whole course: swap, a target, a server with one slide task, its first round, and the
 * judgement: cold memory is in swap, hot memory was left alone.
 * @param through runs the server and its clients.
 * @throws {Error} that says what went wrong.
 */
export async function trySlide(
  options: TargetOptions,
  keys: SlideKeys = {},
  through: readonly string[] = [],
): Promise<Trial> {
  swapOnZram(1024);
  setKernelSwap(false);
  const began = performance.now();
  const target = await startTarget(options);
  const filled = performance.now();
  const areas = target.processes();
  if (options.huge === true) {
    const huge = sum(areas, (p) => hugeBytes(p.pid));
    demand(huge >= sum(areas, (p) => p.sizeBytes), `only ${huge} bytes are in huge pages`);
  }
  const server = await Server.start(through, through);
  await server.add(slideConfig(target.pid, keys));
  const before = lookBefore(target);
  note(kernelActivity());
  await startProject(server);
  await server.untilRounds(TASK, 1);
  const done = performance.now();
  note(kernelActivity());
  await stopProject(server);
  const task = await server.taskByClient(TASK);
  const record = { askedBytes: task.total.asked_bytes, mover: task.mover };
  const seen = await lookAfter(target, before, record);
  note({ fillMs: filled - began, roundMs: done - filled, verifyMs: performance.now() - done });
  note({ ...seen, round: roundOf(task, 1) });
  demandNone(faultsOf(seen));
  return { target, server, task };
}
