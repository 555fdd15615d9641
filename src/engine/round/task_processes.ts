import type { Semaphore } from "../../async/semaphore.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import { messageOf } from "../../text/message_of.ts";
import { type PidRoundEnd, type PidRoundPlan, runPidRound } from "./pid_round.ts";
import type { OutMemory } from "./out_memory.ts";
import type { RoundRecord } from "./round_record.ts";
import type { ScanHold, ScanLock } from "./scan_lock.ts";
import type { Watcher } from "./space_accesses.ts";
import { processKey, processOfKey } from "./space_keys.ts";
import type { KeptMemory, ScanStepReply } from "./scan_step.ts";
import type { TaskLife } from "./task_life.ts";
import { because } from "../../reason/reasons.ts";

/** How long a round waits until another task has scanned a process. */
const PATIENCE_MS = 5000;
const OTHER_TASK = because("other_task_scans");
const HELD = because("kernel_holds_thread");

/** A round for one process whose scans are over. */
export interface ScannedRound<Result> {
  /** That of the engine's finisher. */
  readonly result: Result;
  /** The lock of the process, which the caller releases. */
  readonly hold: ScanHold;
  /** Whether no step met an error. */
  readonly isComplete: boolean;
  /** By performance.now(): when the last scan was. */
  readonly scannedMs: number;
}

/** What a task does with each process of its rounds. */
export interface ProcessesPlan<Order, Result> extends PidRoundPlan<Order, Result> {
  /**
   * Takes the result of a finisher that the task's round did not wait for, and closes what it keeps
   * open.
   * @returns what it adds to the next round.
   */
  readonly takeLate: (result: Result) => FigureGains;
  /** Takes what is remembered of the processes when the task is stopped. */
  readonly out?: OutMemory | undefined;
}

/** A round for one process that the round of its task did not wait for. */
interface LateRound {
  isOver: boolean;
  /** Of the steps since then. */
  readonly replies: ScanStepReply[];
  gains: FigureGains;
}

/** Who follows a round for one process. */
interface RoundFollower<Result> {
  readonly onReply: (reply: ScanStepReply<Result>) => void;
  readonly onError: (error: unknown) => void;
  readonly onHeld: () => void;
}

/** The processes of a started task: what is remembered of each, and its rounds. */
export class TaskProcesses<Order, Result> {
  readonly #life: TaskLife;
  readonly #plan: ProcessesPlan<Order, Result>;
  readonly #slots: Semaphore;
  readonly #scanLock: ScanLock;
  readonly #patienceMs: number;
  readonly #watcher: Watcher;
  /** By process key. */
  readonly #memories = new Map<string, KeptMemory>();
  /** By process key: the same between two steps of a round, while no thread has it. */
  readonly #resting = new Map<string, KeptMemory>();
  /** By process key: those that another task was scanning in the last round. */
  readonly #others = new Set<string>();
  /** By process key: rounds that outlast those of the task, since the kernel held a thread. */
  readonly #late = new Map<string, LateRound>();
  /** Processes that threads scan. */
  #atWork = 0;
  #onIdle: (() => void) | undefined;

  /** @param slots a step takes one. @param patienceMs with another task that scans a process. */
  constructor(
    life: TaskLife,
    plan: ProcessesPlan<Order, Result>,
    slots: Semaphore,
    scanLock: ScanLock,
    patienceMs = PATIENCE_MS,
  ) {
    this.#life = life;
    this.#plan = plan;
    this.#slots = slots;
    this.#scanLock = scanLock;
    this.#patienceMs = patienceMs;
    this.#watcher = { task: this, granularity: life.tracker.granularity };
  }

  /**
   * One round for one process, unless another task scans it for long, or the kernel holds a thread
   * at it: the other processes do not wait for that.
   * @returns undefined when the scans did not come to their end; the record says why, unless the
   * task was stopped.
   */
  async round(
    process: FoundProcess,
    record: RoundRecord,
  ): Promise<ScannedRound<Result> | undefined> {
    const key = processKey(process);
    if (!this.#noteLate(process, record)) {
      record.skip(HELD, [process.pid]);
      return undefined;
    }
    const patienceMs = this.#others.has(key) ? 0 : this.#patienceMs;
    const space = this.spaceOf(process);
    const { step, stallLimitPercent } = this.#plan;
    // A dry run harms nobody, and changes nothing.
    const limit = step.isDryRun === true ? undefined : stallLimitPercent;
    this.#scanLock.stallLimits.set(space, this, limit);
    const hold = await this.#scanLock.acquire(space, this, this.#life.signal, patienceMs);
    if (hold === undefined) {
      if (this.#life.isOver) return undefined;
      this.#others.add(key);
      record.skip(OTHER_TASK, [process.pid]);
      return undefined;
    }
    this.#others.delete(key);
    return await this.#roundUntilHeld(process, record, hold);
  }

  async #roundUntilHeld(
    process: FoundProcess,
    record: RoundRecord,
    hold: ScanHold,
  ): Promise<ScannedRound<Result> | undefined> {
    const key = processKey(process);
    const held = Promise.withResolvers<LateRound>();
    let late: LateRound | undefined;
    const work = this.#scan(process, hold, {
      onReply: (reply) => {
        if (late === undefined) this.#life.note(record, reply, process.pid);
        else late.replies.push(reply);
      },
      onError: (error) => {
        if (late === undefined) this.#life.fail(record, process.pid, error);
        else this.#life.warn(process.pid, [messageOf(error)]);
      },
      onHeld: () => {
        if (late !== undefined) return;
        late = { isOver: false, replies: [], gains: {} };
        held.resolve(late);
      },
    });
    const first = await Promise.race([work, held.promise]);
    if (first === undefined || "hold" in first) return first;
    record.skip(HELD, [process.pid]);
    this.#life.warn(process.pid, [HELD]);
    this.#late.set(key, first);
    void work.then((scanned) => this.#endLate(first, scanned));
    return undefined;
  }

  #endLate(late: LateRound, scanned: ScannedRound<Result> | undefined): void {
    late.isOver = true;
    if (scanned !== undefined) {
      late.gains = this.#plan.takeLate(scanned.result);
      scanned.hold.release(true);
    }
    if (this.#life.isOver) this.forgetAllBut(new Set());
  }

  /**
   * Adds to a round what a late one of the process has come to.
   * @returns false when that still goes on.
   */
  #noteLate(process: FoundProcess, record: RoundRecord): boolean {
    const key = processKey(process);
    const late = this.#late.get(key);
    if (late === undefined) return true;
    if (!late.isOver) return false;
    this.#late.delete(key);
    for (const reply of late.replies) this.#life.note(record, reply, process.pid);
    record.addFigures(late.gains);
    return true;
  }

  async #scan(
    process: FoundProcess,
    hold: ScanHold,
    { onReply, onError, onHeld }: RoundFollower<Result>,
  ): Promise<ScannedRound<Result> | undefined> {
    const key = processKey(process);
    const memory = this.#take(key);
    let steps = 0;
    let isComplete = true;
    let end: PidRoundEnd<Result> | undefined;
    let mayHaveScanned = true; // a step that was stopped or has failed may have
    this.#atWork++;
    try {
      end = await runPidRound(process, this.#planFor(key, hold.key), {
        memory,
        isStale: hold.isStale,
        slots: this.#slots,
        stallLimit: () => this.#stallLimit(hold.key),
        signal: this.#life.signal,
        onReply: (reply) => {
          steps++;
          if (reply.errors.length > 0) isComplete = false;
          onReply(reply);
        },
        onHeld,
      });
      mayHaveScanned = steps > 1 || end?.state !== "skipped";
      this.#remember(key, end, mayHaveScanned ? hold.key : undefined);
    } catch (error) {
      onError(error);
    } finally {
      this.#resting.delete(key);
      if (end?.state !== "finished") hold.release(mayHaveScanned);
      this.#atWork--;
      if (this.#atWork === 0) this.#onIdle?.();
    }
    if (end?.state !== "finished") return undefined;
    const { result, windowAgeMs } = end;
    return { result, hold, isComplete, scannedMs: performance.now() - windowAgeMs };
  }

  /** The smallest of all tasks on an address space. */
  #stallLimit(space: string): number | undefined {
    const own = this.#plan.stallLimitPercent;
    const all = this.#scanLock.stallLimits.smallest(space);
    return own === undefined || all === undefined ? own ?? all : Math.min(own, all);
  }

  #take(key: string): KeptMemory | undefined {
    const memory = this.#memories.get(key);
    this.#memories.delete(key);
    return memory;
  }

  /**
   * The plan of a round for one process, whose memory is noted while no step works with it. Each
   * step takes what other tasks have seen, and gives them what it sees.
   */
  #planFor(key: string, space: string): ProcessesPlan<Order, Result> {
    const { accesses } = this.#scanLock;
    return {
      ...this.#plan,
      runStep: async (request, signal, onHeld) => {
        this.#resting.delete(key);
        const isFollowed = accesses.isFollowed(space, this.#watcher);
        const seenByOthers = request.isStale ? accesses.missed(space, this.#watcher) : undefined;
        const shared = { ...request, isFollowed, seenByOthers };
        const reply = await this.#plan.runStep(shared, signal, onHeld).catch((error: unknown) => {
          // A step that fails may have scanned; one that was stopped before it began has not.
          if (!signal.aborted || error !== signal.reason) {
            accesses.add(space, this.#watcher, undefined);
          }
          throw error;
        });
        if (reply.state !== "skipped") accesses.add(space, this.#watcher, reply.seen);
        if (reply.state === "open" || reply.state === "resting") {
          this.#resting.set(key, reply.memory);
        }
        return reply;
      },
    };
  }

  /**
   * What is remembered of a process; undefined while a thread works with it, and where nothing is.
   * It is not to be handed to a thread: whoever needs it there makes a copy.
   */
  memoryOf(process: FoundProcess): KeptMemory | undefined {
    const key = processKey(process);
    return this.#memories.get(key) ?? this.#resting.get(key);
  }

  /** @param space that was scanned; the next round needs to know what other tasks see of it. */
  #remember(key: string, end: PidRoundEnd<Result>, space: string | undefined): void {
    if (!("memory" in end) || end.memory === undefined) return;
    if (this.#life.isOver) return this.#plan.out?.keep(processOfKey(key), end.memory);
    this.#memories.set(key, end.memory);
    const keepsAges = this.#plan.step.ageIntervalMs !== undefined;
    if (space !== undefined && keepsAges) this.#scanLock.accesses.follow(space, this.#watcher);
  }

  /** The key of a process's address space, which another task may know by another process. */
  spaceOf(process: FoundProcess): string {
    return this.#scanLock.spaces.keyOf(process, this);
  }

  /** Forgets what is remembered of a process. */
  forget(process: FoundProcess): void {
    this.#memories.delete(processKey(process));
  }

  /** Forgets processes whose keys are not among these; the scan lock forgets them too. */
  forgetAllBut(keys: ReadonlySet<string>): void {
    for (const [key, memory] of this.#memories) {
      if (keys.has(key)) continue;
      this.#memories.delete(key);
      if (this.#life.isOver) this.#plan.out?.keep(processOfKey(key), memory);
    }
    for (const key of this.#others) if (!keys.has(key)) this.#others.delete(key);
    for (const [key, { isOver }] of this.#late) {
      if (isOver && !keys.has(key)) this.#late.delete(key);
    }
    this.#scanLock.forgetAllBut(this.#scanLock.spaces.forgetAllBut(keys, this), this);
  }

  /** Resolves when no thread scans a process. */
  async untilIdle(): Promise<void> {
    if (this.#atWork === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    await promise;
  }
}
