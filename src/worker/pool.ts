import { availableParallelism } from "node:os";
import { SystemCallError } from "../../ffi/errno.ts";
import { collectAfterWork } from "../../ffi/garbage.ts";
import { whyNoThreads } from "../../ffi/thread_probe.ts";
import { Semaphore } from "../async/semaphore.ts";
import { formatCount } from "../text/quantities.ts";
import { HeldWatch } from "./held_watch.ts";
import {
  type Answer,
  type Greeting,
  type JobTable,
  type Order,
  transferablesOf,
} from "./messages.ts";
import { because } from "../reason/reasons.ts";

/** A worker without work for so long is let go. */
const IDLE_MS = 30_000;
/** A thread whose CPU clock stands still for so long is held by the kernel. */
const HELD_MS = 2000;
/** As many as the document of etmem allows in the thread pool of etmemd (max_threads). */
const MOST_AT_WORK = 2 * availableParallelism() + 1;
/**
 * Threads that must be possible before a worker is made: its own, and those that the runtime makes
 * for it (2 of its pool, 2 that compile, one that collects garbage for each core but at most 7).
 * The runtime aborts the process when it cannot make one of them.
 */
const THREADS_OF_A_WORKER = 6 + Math.min(availableParallelism(), 7);

/** A worker failed at a job; `message` says how. */
export class JobError extends Error {
  override readonly name: string = "JobError";
}

/** There is no thread, or it ended before it answered: the job did not come to its end. */
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
  #tid: number | undefined;

  /** @param onEnd called when the thread has ended, for any reason. */
  constructor(entry: string, onEnd: (thread: WorkerThread) => void) {
    this.#worker = new Worker(entry);
    this.#worker.addEventListener("message", (event: MessageEvent<Answer | Greeting>) => {
      if ("tid" in event.data) {
        this.#tid = event.data.tid;
        return;
      }
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

  /** The kernel's number of it, once it has begun. */
  get tid(): number | undefined {
    return this.#tid;
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

/** @param errno of pthread_create(3); 0 when there is no reason. */
function reasonOf(errno: number): string | undefined {
  return errno === 0 ? undefined : new SystemCallError("pthread_create", errno).message;
}

/** How a pool keeps its threads. */
export interface PoolLimits {
  /** A thread without work for so long is let go, in ms. */
  readonly idleMs: number;
  /** Threads at work, beyond which jobs that can wait do so. */
  readonly mostAtWork: number;
  /** A thread that the kernel holds for longer is not counted as at work, in ms. */
  readonly heldMs: number;
  /** Threads at work, with those that the kernel holds, beyond which all jobs wait. */
  readonly mostThreads: number;
  /** Why so many threads cannot be made now; undefined when they can. */
  readonly whyNoThreads: (count: number) => string | undefined;
  /** Is told when jobs begin to wait because the kernel holds so many threads: `whyFull`. */
  readonly onFull: (why: string) => void;
}

/**
 * Threads for work that may stay in the kernel for long. Threads are made on demand and let go
 * after 30 s without work. However many tasks there are, no more work at the same time than 2 for
 * each core and one: each takes memory, some 10 MB, and with more of them nothing is done earlier.
 * Threads that the kernel holds come on top, and with them there are never more than twice as many.
 */
export class WorkerPool<J extends JobTable> {
  readonly #entry: string;
  readonly #limits: PoolLimits;
  readonly #slots: Semaphore;
  /** One for each thread that may be at work, also of those that the kernel holds. */
  readonly #threads: Semaphore;
  readonly #idle: WorkerThread[] = [];
  #busy = 0;
  #held = 0;
  /** Jobs that wait since there are as many threads as there may be. */
  #waiting = 0;

  /** @param entry the module that a thread runs. */
  constructor(entry: string, limits: Partial<PoolLimits> = {}) {
    const mostAtWork = limits.mostAtWork ?? MOST_AT_WORK;
    this.#entry = entry;
    this.#limits = {
      idleMs: IDLE_MS,
      mostAtWork,
      heldMs: HELD_MS,
      mostThreads: 2 * mostAtWork,
      whyNoThreads: (count) => reasonOf(whyNoThreads(count)),
      onFull: () => {},
      ...limits,
    };
    this.#slots = new Semaphore(mostAtWork);
    this.#threads = new Semaphore(this.#limits.mostThreads);
  }

  /** Threads there are, working or not. */
  get size(): number {
    return this.#idle.length + this.#busy;
  }

  /** Threads that the kernel holds. */
  get held(): number {
    return this.#held;
  }

  /** Why jobs wait although fewer are at work than may be; undefined when none does. */
  get whyFull(): string | undefined {
    if (this.#waiting === 0) return undefined;
    const many = formatCount(this.#held, "thread", "threads");
    return because("kernel_holds_threads", many);
  }

  /**
   * Does a job in a thread; the typed arrays of the request are handed
   * over and are gone here afterwards.
   * @param signal the job may wait for a thread until this is aborted; without, it waits only while
   * the kernel holds too many.
   * @param onHeld is told when the kernel holds the thread; the job goes on when that ends.
   * @throws {JobError} when the job failed.
   * @throws {WorkerLostError} when its thread did, or when none can be made now.
   * @throws the signal's reason when it was aborted before the job began: nothing was handed over.
   */
  async run<K extends keyof J & string>(
    job: K,
    request: J[K]["request"],
    signal?: AbortSignal,
    onHeld?: () => void,
  ): Promise<J[K]["reply"]> {
    if (signal === undefined) this.#slots.takeAnyway();
    else await this.#slots.take(signal);
    let isCounted = true;
    const count = (isAtWork: boolean): void => {
      if (isAtWork === isCounted) return;
      isCounted = isAtWork;
      if (isAtWork) this.#slots.takeAnyway();
      else this.#slots.giveBack();
    };
    try {
      await this.#takeThread(signal);
      try {
        return await this.#do(job, request, (isHeld) => {
          this.#held += isHeld ? 1 : -1;
          count(!isHeld);
          if (isHeld) onHeld?.();
        });
      } finally {
        this.#threads.giveBack();
      }
    } finally {
      count(false);
    }
  }

  async #takeThread(signal: AbortSignal | undefined): Promise<void> {
    if (this.#busy < this.#limits.mostThreads) return await this.#threads.take(signal);
    this.#waiting++;
    if (this.#waiting === 1) this.#limits.onFull(this.whyFull!);
    try {
      await this.#threads.take(signal);
    } finally {
      this.#waiting--;
    }
  }

  /** @param onHeld is told when the kernel begins and ceases to hold the thread. */
  async #do<K extends keyof J & string>(
    job: K,
    request: J[K]["request"],
    onHeld: (isHeld: boolean) => void,
  ): Promise<J[K]["reply"]> {
    const thread = this.#idle.pop() ?? this.#newThread();
    this.#busy++;
    let isHeld = false;
    const change = (isNow: boolean): void => {
      isHeld = isNow;
      onHeld(isNow);
    };
    const watch = new HeldWatch(() => thread.tid, this.#limits.heldMs, change);
    try {
      const answer = await thread.do({ job, request });
      if (answer.error !== undefined) throw new JobError(answer.error);
      return answer.reply as J[K]["reply"];
    } finally {
      watch.end();
      if (isHeld) change(false);
      this.#busy--;
      if (!thread.hasEnded) {
        this.#idle.push(thread);
        thread.rest(this.#limits.idleMs, (idle) => this.#letGo(idle));
      }
      collectAfterWork();
    }
  }

  /** @throws {WorkerLostError} when no thread can be made now: the job was not begun. */
  #newThread(): WorkerThread {
    const why = this.#limits.whyNoThreads(THREADS_OF_A_WORKER);
    if (why !== undefined) throw new WorkerLostError(because("no_thread", why));
    return new WorkerThread(this.#entry, (ended) => this.#forget(ended));
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
