import type { Semaphore } from "../../async/semaphore.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import { type PidRoundEnd, type PidRoundPlan, runPidRound } from "./pid_round.ts";
import type { RoundRecord } from "./round_record.ts";
import { processKey, type ScanHold, type ScanLock } from "./scan_lock.ts";
import type { ProcessMemory } from "./scan_step.ts";
import type { TaskLife } from "./task_life.ts";

/** A round for one process whose scans are over. */
export interface ScannedRound<Result> {
  /** That of the engine's finisher. */
  readonly result: Result;
  /** The lock of the process, which the caller releases. */
  readonly hold: ScanHold;
  /** Whether no step met an error. */
  readonly isComplete: boolean;
}

/** The processes of a started task: what is remembered of each, and its rounds. */
export class TaskProcesses<Order, Result> {
  readonly #life: TaskLife;
  readonly #plan: PidRoundPlan<Order, Result>;
  readonly #slots: Semaphore;
  readonly #scanLock: ScanLock;
  /** By process key. */
  readonly #memories = new Map<string, ProcessMemory>();
  /** Processes that threads scan. */
  #atWork = 0;
  #onIdle: (() => void) | undefined;

  /** @param slots a step takes one. */
  constructor(
    life: TaskLife,
    plan: PidRoundPlan<Order, Result>,
    slots: Semaphore,
    scanLock: ScanLock,
  ) {
    this.#life = life;
    this.#plan = plan;
    this.#slots = slots;
    this.#scanLock = scanLock;
  }

  /**
   * One round for one process, once no other task scans it.
   * @returns undefined when the scans did not come to their end; the record says why, unless the
   * task was stopped.
   */
  async round(
    process: FoundProcess,
    record: RoundRecord,
  ): Promise<ScannedRound<Result> | undefined> {
    const key = processKey(process);
    const hold = await this.#scanLock.acquire(key, this, this.#life.signal);
    if (hold === undefined) return undefined;
    const memory = this.#memories.get(key);
    this.#memories.delete(key);
    let steps = 0;
    let isComplete = true;
    let end: PidRoundEnd<Result> | undefined;
    // A step that was stopped or has failed may have scanned.
    let mayHaveScanned = true;
    this.#atWork++;
    try {
      end = await runPidRound(process, this.#plan, {
        memory,
        isStale: hold.isStale,
        slots: this.#slots,
        signal: this.#life.signal,
        onReply: (reply) => {
          steps++;
          if (reply.errors.length > 0) isComplete = false;
          this.#life.note(record, reply, process.pid);
        },
      });
      mayHaveScanned = steps > 1 || end?.state !== "skipped";
      this.#remember(key, end);
    } catch (error) {
      this.#life.fail(record, process.pid, error);
    } finally {
      if (end?.state !== "finished") hold.release(mayHaveScanned);
      this.#atWork--;
      if (this.#atWork === 0) this.#onIdle?.();
    }
    return end?.state === "finished" ? { result: end.result, hold, isComplete } : undefined;
  }

  #remember(key: string, end: PidRoundEnd<Result> | undefined): void {
    if (this.#life.isOver || end === undefined || !("memory" in end)) return;
    if (end.memory !== undefined) this.#memories.set(key, end.memory);
  }

  /** Forgets what is remembered of a process. */
  forget(process: FoundProcess): void {
    this.#memories.delete(processKey(process));
  }

  /** Forgets processes whose keys are not among these; the scan lock forgets them too. */
  forgetAllBut(keys: ReadonlySet<string>): void {
    for (const key of this.#memories.keys()) if (!keys.has(key)) this.#memories.delete(key);
    this.#scanLock.forgetAllBut(keys, this);
  }

  /** Resolves when no thread scans a process. */
  async untilIdle(): Promise<void> {
    if (this.#atWork === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    await promise;
  }
}
