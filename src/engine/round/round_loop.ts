import { collectAfterWork } from "../../../ffi/garbage.ts";
import { processCpuNs } from "../../../ffi/libc.ts";
import { commonPause } from "../../async/common_pause.ts";
import { allInTurns } from "../../async/turns.ts";
import { Semaphore } from "../../async/semaphore.ts";
import { log } from "../../log/logger.ts";
import type { OutlookData } from "../../guard/outlook.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import { messageOf } from "../../text/message_of.ts";
import type { EngineContext } from "../engine_context.ts";
import { type CopiedAges, copyAges } from "./copied_ages.ts";
import { type ProcessGains, SharedOnce } from "./process_gains.ts";
import type { ProcessSweep } from "./process_sweep.ts";
import type { RoundRecord } from "./round_record.ts";
import { processKey } from "./space_keys.ts";
import type { TaskLife } from "./task_life.ts";
import { type ProcessesPlan, TaskProcesses } from "./task_processes.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** A quiet process is scanned after so long, although nothing seems to happen in it. */
const QUIET_MS = 300_000;

/** What a task does in its rounds: a round for each process, whose finisher moves cold memory. */
export interface RoundLoopPlan<Order> extends ProcessesPlan<Order, ProcessGains> {
  /** From the last scan of a round to the next round; longer when moving takes longer. */
  readonly sleepMs: number;
  /** Processes worked on at the same time. */
  readonly maxThreads: number;
  /** Why nothing shall be moved in this round; asked before anything about a process. */
  readonly heldBack: () => Reason | undefined;
  /**
   * Called after each round that was not stopped.
   * @param signal fires when the task is stopped: what has not begun by then does not begin.
   */
  readonly afterRound: (record: RoundRecord, signal: AbortSignal) => Promise<void>;
}

/**
 * A process that had nothing to move at the end of its last round: what it was like before that
 * round's scans.
 */
interface QuietProcess {
  /** It had nothing present at all; else nothing that would go later, unless it is used. */
  readonly isEmpty: boolean;
  /** What is present all the same: bytes by reason. */
  readonly leftAlone: ReadonlyMap<Reason, number>;
  readonly activity: string;
  /** CPU time that it had had; undefined when that was not known. */
  readonly cpuNs: bigint | undefined;
  /** When the round began. */
  readonly scannedMs: number;
}

/** What was expected of a process at the end of a round. */
interface TakenOutlook {
  readonly process: FoundProcess;
  readonly outlook: OutlookData;
  /** By performance.now(). */
  readonly takenMs: number;
}

type Common = Pick<EngineContext, "scanLock" | "sweep">;

/** A started task that works process by process: one round after the other until it is stopped. */
export class RoundLoop<Order> {
  readonly life: TaskLife;
  readonly #plan: RoundLoopPlan<Order>;
  readonly #sweep: ProcessSweep;
  readonly #processes: TaskProcesses<Order, ProcessGains>;
  /** By process key: those that had nothing to move at the end of their last round. */
  readonly #quiet = new Map<string, QuietProcess>();
  /** By process key: what was expected of a process at the end of its last round, and when. */
  readonly #outlooks = new Map<string, TakenOutlook>();
  readonly #ended: Promise<void>;
  /** By performance.now(): when the last scan of the round was, if there was one. */
  #scannedMs: number | undefined;
  /** Whether moving took longer than the pause between rounds. */
  #isLate = false;

  constructor(life: TaskLife, plan: RoundLoopPlan<Order>, { scanLock, sweep }: Common) {
    this.life = life;
    this.#sweep = sweep;
    // The first search comes later, and finds the process that has the pid now.
    life.target.settle();
    this.#plan = plan;
    this.#processes = new TaskProcesses(life, plan, new Semaphore(plan.maxThreads), scanLock);
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    const { life } = this;
    while (!life.isOver) {
      const record = life.history.begin();
      this.#scannedMs = undefined;
      try {
        await this.#round(record);
        if (!life.isOver) await this.#plan.afterRound(record, life.signal);
        life.history.failed = undefined;
      } catch (error) {
        life.history.failed = messageOf(error);
        log.error(`${life.label}: round ${record.status.number} failed: ${life.history.failed}`);
      }
      const pauseMs = this.#pauseAfter(record);
      life.endRound(record, life.history.failed !== undefined);
      collectAfterWork();
      await commonPause(pauseMs, life.signal);
    }
    this.#forgetAllBut([]);
    log.info(`${life.label}: ${life.history.summary()}`);
  }

  /** What is left of the time between two rounds. Says so when a round cannot keep to it. */
  #pauseAfter({ status }: RoundRecord): number {
    const { sleepMs } = this.#plan;
    if (this.#scannedMs === undefined) return sleepMs;
    const lateMs = performance.now() - this.#scannedMs - sleepMs;
    if (lateMs > 0) status.late_us = Math.round(lateMs * 1000);
    if (lateMs > 0 && !this.#isLate) {
      log.warning(`${this.life.label}: moving takes longer than sleep, so rounds begin late`);
    }
    this.#isLate = lateMs > 0;
    return Math.max(-lateMs, 0);
  }

  async #round(record: RoundRecord): Promise<void> {
    const found = await this.life.target.find(
      (query) => this.#sweep.find(query, this.life.signal),
      record,
      (pid, error) => this.life.fail(record, pid, error),
    );
    if (this.life.isOver) return;
    this.#forgetAllBut(found);
    const held = this.#plan.heldBack();
    if (held !== undefined) {
      record.skip(held, found.map(({ pid }) => pid));
      return;
    }
    const busy: FoundProcess[] = [];
    for (const process of found) {
      const quiet = this.#quietOf(process);
      if (quiet === undefined) {
        busy.push(process);
      } else {
        record.skip(because(quiet.isEmpty ? "quiet" : "settled"), [process.pid]);
        record.addFigures({ left_alone: quiet.leftAlone });
      }
    }
    const shared = new SharedOnce();
    await allInTurns(busy, (process) => this.#work(process, record, shared));
  }

  /**
   * @returns undefined when a scan may find something to move, unlike the one before. What others
   * do to the memory of a process that does not run is seen late; nothing moves on that account.
   */
  #quietOf(process: FoundProcess): QuietProcess | undefined {
    const quiet = this.#quiet.get(processKey(process));
    if (quiet === undefined || performance.now() - quiet.scannedMs >= QUIET_MS) return undefined;
    const isStill = quiet.isEmpty
      ? quiet.activity === process.activity
      : quiet.cpuNs !== undefined && quiet.cpuNs === processCpuNs(process.pid);
    return isStill ? quiet : undefined;
  }

  async #work(process: FoundProcess, record: RoundRecord, shared: SharedOnce): Promise<void> {
    const key = processKey(process);
    this.#quiet.delete(key);
    const scannedMs = performance.now();
    const cpuNs = processCpuNs(process.pid);
    const scanned = await this.#processes.round(process, record);
    if (scanned === undefined) return;
    const { result, isComplete, hold } = scanned;
    this.#scannedMs = Math.max(this.#scannedMs ?? -Infinity, scanned.scannedMs);
    hold.release(true);
    record.addFigures(shared.figuresOf(result));
    if (result.outlook !== undefined) {
      const takenMs = performance.now();
      this.#outlooks.set(key, { process, outlook: result.outlook, takenMs });
    }
    if (result.guard !== undefined) record.addGuard(result.guard, this.#plan.intervalMs / 1000);
    // After an error some memory may be present unseen. With swap_flag=yes the process may mark
    // memory that is present, and causes no page fault.
    // In a dry run what is out is used without one.
    const { flags, isDryRun = false } = this.#plan.step;
    const isKnown = isComplete && !flags.swapFlag && !isDryRun;
    const { present_bytes: present, left_alone: left } = result.figures;
    const isEmpty = present === 0;
    if (isKnown && (isEmpty || result.isSettled === true)) {
      const leftAlone = left ?? new Map<Reason, number>();
      const { activity } = process;
      this.#quiet.set(key, { isEmpty, activity, cpuNs, scannedMs, leftAlone });
    }
  }

  #forgetAllBut(found: readonly FoundProcess[]): void {
    const keys = new Set(found.map(processKey));
    for (const known of [this.#quiet, this.#outlooks]) {
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    }
    this.#processes.forgetAllBut(keys);
  }

  /** The processes that have come to the end of a round, with what was expected of them then. */
  get seen(): readonly Pick<TakenOutlook, "process" | "outlook">[] {
    return [...this.#outlooks.values()];
  }

  /** A copy of the ages of a process's pages; undefined while a thread works with them. */
  copyAges(process: FoundProcess): CopiedAges | undefined {
    const memory = this.#processes.memoryOf(process);
    return memory === undefined ? undefined : copyAges(memory);
  }

  /**
   * What is expected of the processes that have come to the end of a round. A process of which
   * nothing is present and that causes no page fault is not scanned, and uses nothing.
   */
  outlooks(): OutlookData[] {
    const now = performance.now();
    return [...this.#outlooks].map(([key, { outlook, takenMs }]) => {
      const { rows, swapInSeconds, observedSeconds } = outlook;
      const quietSeconds = this.#quiet.has(key) ? (now - takenMs) / 1000 : 0;
      return { rows, swapInSeconds, observedSeconds: observedSeconds + quietSeconds };
    });
  }

  /** Resolves when no work of the task goes on, or when only the kernel holds a thread of it. */
  async stop(): Promise<void> {
    await this.life.end(Promise.all([this.#ended, this.#processes.untilIdle()]));
  }
}
