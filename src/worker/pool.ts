import { type Answer, type JobTable, type Order, transferablesOf } from "./messages.ts";

/** A worker without work for so long is let go. */
const IDLE_MS = 30_000;

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

  /** @param onEnd called when the thread has ended, whyever. */
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

/**
 * Threads for work that may stay in the kernel for long. Threads are made on demand and let go after 30 s
 * without work; how many work at the same time is up to the callers.
 */
export class WorkerPool<J extends JobTable> {
  readonly #entry: string;
  readonly #idleMs: number;
  readonly #idle: WorkerThread[] = [];
  #busy = 0;

  /** @param entry the module that a thread runs. */
  constructor(entry: string, idleMs = IDLE_MS) {
    this.#entry = entry;
    this.#idleMs = idleMs;
  }

  /** Threads there are, working or not. */
  get size(): number {
    return this.#idle.length + this.#busy;
  }

  /**
   * Does a job in a thread; the typed arrays of the request are handed over and are gone here afterwards.
   * @throws {JobError} when the job failed. @throws {WorkerLostError} when its thread did.
   */
  async run<K extends keyof J & string>(job: K, request: J[K]["request"]): Promise<J[K]["reply"]> {
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
        thread.rest(this.#idleMs, (idle) => this.#letGo(idle));
      }
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
