import type { CslideTaskDescription } from "../../config/description.ts";
import type { ProcessMemory } from "../../worker/process_step.ts";
import { RoundRecord } from "../round_record.ts";
import type { TaskStatus } from "../status.ts";
import type { ProcessPages } from "./page_tables.ts";

const KEPT_ROUNDS = 16;

/** A task of the cslide engine: what it has done, and its switch. */
export class CslideTask {
  readonly description: CslideTaskDescription;
  /** By process key. */
  readonly memories = new Map<string, ProcessMemory>();
  /** Where the memory of its processes is, since its last round. */
  pages: ProcessPages[] = [];
  failed: string | undefined;
  tracker: string | undefined;
  /** Pieces of work that threads have in hand. */
  inFlight = 0;
  #stop = new Int32Array(new SharedArrayBuffer(4));
  #abort = new AbortController();
  #started = false;
  #records: RoundRecord[] = [];
  #number = 0;
  #total: TaskStatus["total"] = { rounds: 0, asked_bytes: 0, moved_bytes: 0, came_back_bytes: 0 };
  #onIdle: (() => void) | undefined;

  constructor(description: CslideTaskDescription) {
    this.description = description;
  }

  get started(): boolean {
    return this.#started;
  }

  /** One shared word: not 0 asks threads to stop. */
  get stopWord(): Int32Array {
    return this.#stop;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  start(tracker: string): void {
    this.#stop = new Int32Array(new SharedArrayBuffer(4));
    this.#abort = new AbortController();
    this.#records = [];
    this.#number = 0;
    this.#total = { rounds: 0, asked_bytes: 0, moved_bytes: 0, came_back_bytes: 0 };
    this.failed = undefined;
    this.tracker = tracker;
    this.#started = true;
  }

  /** Asks to stop; resolves when no thread works on the task. */
  stop(): Promise<void> {
    this.#started = false;
    Atomics.store(this.#stop, 0, 1);
    this.#abort.abort();
    this.memories.clear();
    this.pages = [];
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Counts a piece of work of a thread while it lasts. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.inFlight++;
    try {
      return await work;
    } finally {
      this.inFlight--;
      if (this.inFlight === 0) this.#onIdle?.();
    }
  }

  beginRound(): RoundRecord {
    const record = new RoundRecord(++this.#number);
    this.#records.unshift(record);
    this.#records.length = Math.min(this.#records.length, KEPT_ROUNDS);
    return record;
  }

  endRound(record: RoundRecord): void {
    record.end(this.#started ? "done" : "stopped");
    const { status } = record;
    if (status.state === "done") this.#total.rounds++;
    this.#total.asked_bytes += status.asked_bytes;
    this.#total.moved_bytes += status.moved_bytes;
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
