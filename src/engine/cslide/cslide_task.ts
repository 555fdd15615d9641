import type { CslideTaskDescription } from "../../config/engines/cslide.ts";
import type { ProcessMemory } from "../round/scan_step.ts";
import { RoundRecord } from "../round/round_record.ts";
import { engineContext } from "../engine_context.ts";
import { addRound, noTotal, type TaskStatus } from "../../status/task_status.ts";
import { PinnedTarget } from "../round/pinned_target.ts";
import { StopFlag } from "../round/stop_flag.ts";
import { StuckPages } from "./stuck_pages.ts";
import type { SharedProcessPages } from "./page_tables.ts";

const { scanLock } = engineContext;

const KEPT_ROUNDS = 16;

/** A task's time from a start to a stop; what is left of an earlier one touches nothing. */
export class TaskLife {
  readonly stop = new StopFlag();
  readonly target: PinnedTarget;
  readonly #abort = new AbortController();

  constructor({ project, name, target }: CslideTaskDescription) {
    this.target = new PinnedTarget(target, `project ${project}: task ${name}`);
  }

  /** Fires when the task is stopped. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.stop.isRaised;
  }

  /** Resolves when no thread moves pages of the task. */
  async end(): Promise<void> {
    const still = this.stop.raise();
    this.#abort.abort();
    await still;
  }
}

/** A task of the cslide engine: what it has done, and its life. */
export class CslideTask {
  readonly description: CslideTaskDescription;
  /** By process key. */
  readonly memories = new Map<string, ProcessMemory>();
  readonly #stuck = new Map<string, StuckPages>();
  /** Where the memory of its processes is, since its last round. */
  pages: SharedProcessPages[] = [];
  failed: string | undefined;
  tracker: string | undefined;
  /** Processes that threads scan. */
  #inFlight = 0;
  #life: TaskLife;
  #started = false;
  #records: RoundRecord[] = [];
  #number = 0;
  #total = noTotal();
  #onIdle: (() => void) | undefined;

  constructor(description: CslideTaskDescription) {
    this.description = description;
    this.#life = new TaskLife(description);
  }

  get started(): boolean {
    return this.#started;
  }

  /** Since the last start. */
  get life(): TaskLife {
    return this.#life;
  }

  start(tracker: string): void {
    this.#life = new TaskLife(this.description);
    this.#life.target.settle();
    this.#records = [];
    this.#number = 0;
    this.#total = noTotal();
    this.failed = undefined;
    this.tracker = tracker;
    this.#started = true;
  }

  /** Asks to stop; resolves when no thread works on the task. */
  async stop(): Promise<void> {
    this.#started = false;
    this.forgetAllBut(new Set());
    this.pages = [];
    const idle = Promise.withResolvers<void>();
    this.#onIdle = idle.resolve;
    if (this.#inFlight === 0) idle.resolve();
    await Promise.all([this.#life.end(), idle.promise]);
    this.forgetLocks();
  }

  /** Once it is stopped, it does not matter that it was the last to scan its processes. */
  forgetLocks(): void {
    if (!this.#started) scanLock.forgetAllBut(new Set(), this);
  }

  /** Counts the scanning of a process while it lasts. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight++;
    try {
      return await work;
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#onIdle?.();
    }
  }

  /** @param key of a process. */
  stuckPagesOf(key: string): StuckPages {
    let stuck = this.#stuck.get(key);
    if (stuck === undefined) {
      stuck = new StuckPages();
      this.#stuck.set(key, stuck);
    }
    return stuck;
  }

  /** Forgets the processes whose keys are not among these. */
  forgetAllBut(keys: ReadonlySet<string>): void {
    for (const key of this.memories.keys()) if (!keys.has(key)) this.memories.delete(key);
    for (const key of this.#stuck.keys()) if (!keys.has(key)) this.#stuck.delete(key);
  }

  /** Why there are no `pages`. */
  get whyNoPages(): string {
    if (this.failed !== undefined) return `its last round failed: ${this.failed}`;
    const last = this.#records.find(({ status }) => status.state === "done");
    if (last === undefined) return "its first round is not done yet";
    return last.status.processes === 0
      ? last.status.skipped[0]?.reason ?? "none of its processes was there in the last round"
      : "its processes have ended or were left alone in the last round, see etmem status";
  }

  beginRound(): RoundRecord {
    const record = new RoundRecord(++this.#number);
    this.#records.unshift(record);
    this.#records.length = Math.min(this.#records.length, KEPT_ROUNDS);
    return record;
  }

  /** @param life the one that the round belongs to. */
  endRound(record: RoundRecord, life: TaskLife): void {
    record.end(life.isOver ? "stopped" : "done");
    if (life !== this.#life) return;
    addRound(this.#total, record.status);
  }

  status(): TaskStatus {
    const { name, engine, target } = this.description;
    return {
      name,
      engine,
      type: target.type,
      value: target.type === "pid" ? String(target.pid) : target.comm,
      started: this.#started,
      ...(this.failed === undefined ? {} : { failed: this.failed }),
      ...(this.tracker === undefined ? {} : { tracker: this.tracker, mover: "move_pages" }),
      total: { ...this.#total },
      rounds: this.#records.map((record) => record.view()),
    };
  }
}
