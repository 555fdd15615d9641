import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { ProcessMemory, StepReply } from "../round/scan_step.ts";
import type { MoverKind } from "../../mover/mover.ts";
import type { MoverName } from "../../mover/movers.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import { errorLine } from "../round/error_line.ts";
import { pause } from "../../async/abortable.ts";
import { processKey, type ScanLock } from "../round/scan_lock.ts";
import { Semaphore } from "../../async/semaphore.ts";
import { addRound, noTotal, type TaskStatus } from "../../status/task_status.ts";
import { type RoundMeans, type RoundPlan, runPidRound } from "../round/pid_round.ts";
import { RoundRecord } from "../round/round_record.ts";
import { PinnedTarget } from "../round/pinned_target.ts";
import { messageOf } from "../../text/message_of.ts";
import type { SwapCache } from "./swap_cache.ts";
import type { Workers } from "../engine_context.ts";

const KEPT_ROUNDS = 16;
/** A process that has nothing present is looked at so often although nothing seems to happen in it. */
const QUIET_MS = 300_000;
const QUIET_REASON = "had nothing present, and no page fault since";
/** A stop does not wait longer for a thread that the kernel holds. */
const STOP_MS = 900;

/** What a started task works with. */
export interface TaskMeans {
  readonly tracker: TrackerKind<TrackerName>;
  readonly mover: MoverKind<MoverName>;
  readonly workers: Workers;
  readonly scanLock: ScanLock;
  readonly swapCache: SwapCache;
}

/** A started task of the slide engine: one round after the other until it is stopped. */
export class TaskRun {
  readonly #project: ProjectDescription;
  readonly #task: SlideTaskDescription;
  readonly #means: TaskMeans;
  readonly #target: PinnedTarget;
  readonly #plan: RoundPlan;
  readonly #slots: Semaphore;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #abort = new AbortController();
  readonly #memories = new Map<string, ProcessMemory>();
  /** Processes that had nothing present at the end of a round: what they were like before it, and when it was. */
  readonly #quiet = new Map<string, { readonly activity: string; readonly lookedMs: number }>();
  /** Newest first. */
  readonly #records: RoundRecord[] = [];
  readonly #total = noTotal();
  readonly #ended: Promise<void>;
  #failed: string | undefined;

  constructor(project: ProjectDescription, task: SlideTaskDescription, means: TaskMeans) {
    this.#project = project;
    this.#task = task;
    this.#means = means;
    this.#target = new PinnedTarget(task.target, this.#label);
    this.#slots = new Semaphore(task.maxThreads);
    this.#plan = {
      loop: project.loop,
      intervalMs: project.intervalSeconds * 1000,
      step: {
        tracker: means.tracker.name,
        selection: { kind: "swappable" },
        flags: { swapFlag: task.swapFlag, ignoreHost: false },
        stop: this.#stop,
        ...(task.swapThresholdBytes === undefined
          ? {}
          : { swapThresholdBytes: task.swapThresholdBytes }),
      },
      last: {
        move: {
          mover: means.mover.name,
          coldThreshold: task.coldThreshold,
          ...(project.sysmemThresholdPercent === undefined
            ? {}
            : { sysmemThresholdPercent: project.sysmemThresholdPercent }),
          ...(task.dramPercent === undefined ? {} : { dramPercent: task.dramPercent }),
        },
      },
    };
    this.#ended = this.#run();
  }

  get #label(): string {
    return `project ${this.#project.name}: task ${this.#task.name}`;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let number = 1; !signal.aborted; number++) {
      const record = new RoundRecord(number);
      this.#records.unshift(record);
      this.#records.length = Math.min(this.#records.length, KEPT_ROUNDS);
      try {
        await this.#round(record);
        if (!signal.aborted) {
          record.status.phases.swapcache_us = Math.round(await this.#means.swapCache.keep());
        }
        this.#failed = undefined;
      } catch (error) {
        this.#failed = messageOf(error);
        log.error(`${this.#label}: round ${number} failed: ${this.#failed}`);
      }
      record.end(signal.aborted ? "stopped" : "done");
      addRound(this.#total, record.status);
      log.info(`${this.#label}: ${record.summary(this.#failed !== undefined)}`);
      await pause(this.#project.sleepSeconds * 1000, signal);
    }
    this.#forgetAllBut([]);
  }

  async #round(record: RoundRecord): Promise<void> {
    const found = this.#target.find(record, (pid, error) => this.#fail(record, pid, error));
    this.#forgetAllBut(found);
    const held = this.#heldBack();
    if (held !== undefined) {
      record.skip(held, found.map((process) => process.pid));
      return;
    }
    const means: RoundMeans = {
      workers: this.#means.workers,
      slots: this.#slots,
      signal: this.#abort.signal,
      onReply: (reply, process) => this.#note(record, reply, process),
    };
    const busy: FoundProcess[] = [];
    const quietPids: number[] = [];
    for (const process of found) {
      if (this.#isQuiet(process)) quietPids.push(process.pid);
      else busy.push(process);
    }
    if (quietPids.length > 0) record.skip(QUIET_REASON, quietPids);
    await Promise.all(busy.map((process) => this.#work(process, means, record)));
  }

  /** Whether a scan would find nothing present, as the one before did: most of what was moved once is left alone. */
  #isQuiet(process: FoundProcess): boolean {
    const quiet = this.#quiet.get(processKey(process));
    return quiet !== undefined && quiet.activity === process.activity &&
      performance.now() - quiet.lookedMs < QUIET_MS;
  }

  async #work(process: FoundProcess, means: RoundMeans, record: RoundRecord): Promise<void> {
    const key = processKey(process);
    const hold = await this.#means.scanLock.acquire(key, this, means.signal);
    if (hold === undefined) return;
    const known = this.#memories.get(key);
    this.#memories.delete(key);
    this.#quiet.delete(key);
    const lookedMs = performance.now();
    // What could not be looked at is not known to be absent; and marking memory that is present is no activity.
    let isKnown = !this.#task.swapFlag;
    let steps = 0;
    // A step that was stopped or has failed may have scanned.
    let mayHaveScanned = true;
    const own: RoundMeans = {
      ...means,
      onReply: (step, of) => {
        steps++;
        if (step.errors.length > 0) isKnown = false;
        means.onReply(step, of);
      },
    };
    try {
      const reply = await runPidRound(process, this.#plan, own, known, hold.isStale);
      mayHaveScanned = steps > 1 || reply?.state !== "skipped";
      if (reply !== undefined && "memory" in reply && reply.memory !== undefined) {
        this.#memories.set(key, reply.memory);
      }
      if (isKnown && reply?.state === "done" && reply.figures.present_bytes === 0) {
        this.#quiet.set(key, { activity: process.activity, lookedMs });
      }
    } catch (error) {
      this.#fail(record, process.pid, error);
    } finally {
      hold.release(mayHaveScanned);
    }
  }

  #fail(record: RoundRecord, pid: number, error: unknown): void {
    record.fail(error, pid);
    log.warning(`${this.#label}: process ${pid}: ${messageOf(error)}`);
  }

  #note(record: RoundRecord, reply: StepReply, { pid }: FoundProcess): void {
    record.add(reply);
    if (reply.state === "skipped") record.skip(reply.reason, [pid]);
    const failed = errorLine(reply.errors);
    if (failed !== undefined) log.warning(`${this.#label}: process ${pid}: ${failed}`);
  }

  /** Why nothing of the system's memory shall be swapped now; asked before anything about a process. */
  #heldBack(): string | undefined {
    if (this.#task.coldThreshold === 0) return "T=0: nothing counts as cold";
    const percent = this.#project.sysmemThresholdPercent;
    if (percent === undefined) return undefined;
    const { availableBytes, totalBytes } = readMemInfo();
    return availableBytes * 100 < totalBytes * percent
      ? undefined
      : "MemAvailable is not below sysmem_threshold";
  }

  #forgetAllBut(found: readonly FoundProcess[]): void {
    const keys = new Set(found.map(processKey));
    for (const known of [this.#memories, this.#quiet]) {
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    }
    this.#means.scanLock.forgetAllBut(keys, this);
  }

  /** Resolves when nothing of the task runs any more, or when only the kernel holds a thread of it. */
  async stop(): Promise<void> {
    Atomics.store(this.#stop, 0, 1);
    this.#abort.abort();
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, STOP_MS, "late");
    const outcome = await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    if (outcome === "late") {
      log.warning(`${this.#label}: stopped, but the kernel still holds a thread at its last work`);
    }
  }

  status(): Omit<TaskStatus, "name" | "engine" | "type" | "value" | "started"> {
    return {
      ...(this.#failed === undefined ? {} : { failed: this.#failed }),
      tracker: this.#means.tracker.name,
      mover: this.#means.mover.name,
      total: { ...this.#total },
      rounds: this.#records.map((record) => record.view()),
    };
  }
}
