import { availableParallelism } from "node:os";
import { collectAfterWork } from "../../ffi/garbage.ts";
import { type Answer, type JobTable, type Order, transferablesOf } from "./messages.ts";
import { Semaphore } from "../async/semaphore.ts";

/** A worker without work for so long is let go. */
const IDLE_MS = 30_000;
/**
 * One that works for so long may be held by the kernel: it keeps no other from working any more.
 */
const HELD_MS = 2000;
/** As many as the document of etmem allows in the thread pool of etmemd (max_threads). */
const MOST_AT_WORK = 2 * availableParallelism() + 1;

/** A worker failed at a job; `message` says how. */
export class JobError extends Error {
  override readonly name: string = "JobError";
}

/** The thread ended before it answered; the job was not begun, or did not come to its end. */
export class WorkerLostError extends JobError {
  override readonly name = "WorkerLostError";
}

interface Running {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One thread: does one job at a time. */
class WorkerThread {
  readonly #worker: Worker;
  #running: Running | undefined;
  #idleTimer: Timer | undefined;
  #hasEnded = false;

  /** @param onEnd called when the thread has ended, for any reason. */
  constructor(entry: string, onEnd: (thread: WorkerThread) => void) {
    this.#worker = new Worker(entry);
    this.#worker.addEventListener("message", (event: MessageEvent<Answer>) => {
      const running = this.#running;
      this.#running = undefined;
      running?.resolve(event.data);
    });
    const end = (why: string): void => {
      this.#hasEnded = true;
      clearTimeout(this.#idleTimer);
      this.#running?.reject(new WorkerLostError(`worker failed: ${why}`));
      this.#running = undefined;
      onEnd(this);
    };
    this.#worker.addEventListener("error", (event: ErrorEvent) => end(event.message));
    this.#worker.addEventListener("close", () => end("its thread ended"));
    this.#worker.unref();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  do(order: Order): Promise<Answer> {
    clearTimeout(this.#idleTimer);
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      this.#worker.postMessage(order, transferablesOf(order));
    });
  }

  /** Calls back when there was no work for long. */
  rest(idleMs: number, onIdle: (thread: WorkerThread) => void): void {
    this.#idleTimer = setTimeout(() => onIdle(this), idleMs);
    this.#idleTimer.unref();
  }

  /** Only for a thread without work: nothing is terminated inside a system call. */
  end(): void {
    clearTimeout(this.#idleTimer);
    this.#worker.terminate();
  }
}

/** How a pool keeps its threads. */
export interface PoolLimits {
  /** A thread without work for so long is let go, in ms. */
  readonly idleMs: number;
  /** Threads at work, beyond which jobs that can wait do so. */
  readonly mostAtWork: number;
  /** A thread that works for longer is not counted as at work, in ms. */
  readonly heldMs: number;
}

/**
 * Threads for work that may stay in the kernel for long. Threads are made on demand and let go
 * after 30 s without work. However many tasks there are, no more work at the same time than 2 for
 * each core and one: each takes memory, some 10 MB, and with more of them nothing is done earlier.
 */
export class WorkerPool<J extends JobTable> {
  readonly #entry: string;
  readonly #limits: PoolLimits;
  readonly #slots: Semaphore;
  readonly #idle: WorkerThread[] = [];
  #busy = 0;

  /** @param entry the module that a thread runs. */
  constructor(entry: string, limits: Partial<PoolLimits> = {}) {
    this.#entry = entry;
    this.#limits = { idleMs: IDLE_MS, mostAtWork: MOST_AT_WORK, heldMs: HELD_MS, ...limits };
    this.#slots = new Semaphore(this.#limits.mostAtWork);
  }

  /** Threads there are, working or not. */
  get size(): number {
    return this.#idle.length + this.#busy;
  }

  /**
   * Does a job in a thread; the typed arrays of the request are handed
   * over and are gone here afterwards.
   * @param signal the job may wait for a thread until this is aborted; without, it is done at once.
   * @throws {JobError} when the job failed. @throws {WorkerLostError} when its thread did.
   * @throws the signal's reason when it was aborted before the job began: nothing was handed over.
   */
  async run<K extends keyof J & string>(
    job: K,
    request: J[K]["request"],
    signal?: AbortSignal,
  ): Promise<J[K]["reply"]> {
    if (signal === undefined) this.#slots.takeAnyway();
    else await this.#slots.take(signal);
    let isCounted = true;
    const leave = (): void => {
      if (isCounted) this.#slots.giveBack();
      isCounted = false;
    };
    const heldTimer = setTimeout(leave, this.#limits.heldMs);
    heldTimer.unref();
    try {
      return await this.#do(job, request);
    } finally {
      clearTimeout(heldTimer);
      leave();
    }
  }

  async #do<K extends keyof J & string>(job: K, request: J[K]["request"]): Promise<J[K]["reply"]> {
    const thread = this.#idle.pop() ?? new WorkerThread(this.#entry, (ended) => {
      this.#forget(ended);
    });
    this.#busy++;
    try {
      const answer = await thread.do({ job, request });
      if (answer.error !== undefined) throw new JobError(answer.error);
      return answer.reply as J[K]["reply"];
    } finally {
      this.#busy--;
      if (!thread.hasEnded) {
        this.#idle.push(thread);
        thread.rest(this.#limits.idleMs, (idle) => this.#letGo(idle));
      }
      collectAfterWork();
    }
  }

  /** @returns whether it was idle. */
  #forget(thread: WorkerThread): boolean {
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
    return at >= 0;
  }

  #letGo(thread: WorkerThread): void {
    if (this.#forget(thread)) thread.end();
  }

  /** Lets all idle threads go now. */
  close(): void {
    for (const thread of this.#idle.splice(0)) thread.end();
  }
}
