/** A task's turn at a process. */
export interface Turn {
  /** This task was not the last to scan the process: what it knows of accesses is void. */
  readonly isStale: boolean;
  /** @param mayHaveScanned when not, it stays with the one who scanned the process last. */
  readonly end: (mayHaveScanned: boolean) => void;
}

interface Queue {
  /** Resolves when the one before is done. */
  tail: Promise<void>;
  waiting: number;
  lastScanner: object | undefined;
}

/**
 * Two tasks never scan a process at the same time, since each scan clears what the other would see; the second
 * waits for its turn. Processes are named by a key of pid and start time.
 */
export class ScanLock {
  readonly #queues = new Map<string, Queue>();

  /**
   * Waits for the turn of `task`; it lasts until `end` is called, once.
   * @returns undefined when the signal came before the turn.
   */
  async take(key: string, task: object, signal: AbortSignal): Promise<Turn | undefined> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { tail: Promise.resolve(), waiting: 0, lastScanner: undefined };
      this.#queues.set(key, queue);
    }
    const mine = queue;
    const before = mine.tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    mine.tail = promise;
    mine.waiting++;
    const end = (): void => {
      mine.waiting--;
      resolve();
    };
    if (!await isFirst(before, signal)) {
      void before.then(end);
      return undefined;
    }
    return {
      isStale: mine.lastScanner !== task,
      end: (mayHaveScanned) => {
        if (mayHaveScanned) mine.lastScanner = task;
        end();
      },
    };
  }

  /** Forgets the processes that `task`, or nobody, was the last to scan and that are not among `keys`. */
  keepOnly(keys: ReadonlySet<string>, task: object): void {
    for (const [key, queue] of this.#queues) {
      const isOthers = queue.lastScanner !== undefined && queue.lastScanner !== task;
      if (isOthers || keys.has(key)) continue;
      if (queue.waiting === 0) this.#queues.delete(key);
      // Whoever is at it may not scan it: it is nobody's then, and others can forget it.
      else queue.lastScanner = undefined;
    }
  }

  /** Processes that are remembered. */
  get size(): number {
    return this.#queues.size;
  }
}

/** Whether something happens before the signal comes. */
function isFirst(happens: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const give = (): void => resolve(false);
    signal.addEventListener("abort", give, { once: true });
    void happens.then(() => {
      signal.removeEventListener("abort", give);
      resolve(!signal.aborted);
    });
  });
}
