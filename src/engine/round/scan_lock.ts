import { onAbort } from "../../async/abortable.ts";
import { SpaceAccesses } from "./space_accesses.ts";
import { SpaceKeys } from "./space_keys.ts";
import { SpaceLimits } from "./space_limits.ts";

/** A task holds the lock of an address space. */
export interface ScanHold {
  /** Of the address space. */
  readonly key: string;
  /** This task was not the last to scan it: what happened since then another one has seen. */
  readonly isStale: boolean;
  /**
   * Gives the lock to the next task; called once.
   * @param mayHaveScanned whether this task may be the last now that scanned it.
   */
  readonly release: (mayHaveScanned: boolean) => void;
}

/** The lock of one address space. */
interface Queue {
  /** Resolves when all that have asked so far have released the lock. */
  tail: Promise<void>;
  /** Tasks that hold the lock or wait for it. */
  tasks: number;
  lastScanner: object | undefined;
  /** When the task that holds the lock got it, by the monotonic clock. */
  sinceMs: number;
  /** A task that did not wait for as long as others held the lock, and is next. */
  claimant: object | undefined;
  /** Until then the lock is kept for the claimant. */
  keptUntilMs: number;
}

/**
 * A lock for each address space: two tasks never scan one at the same time, since each scan clears
 * what the other would see. Tasks get a lock in the order in which they ask. When a task has lost
 * its patience, the lock is kept for it, for as long as the task before it held it. Address spaces
 * are named by the keys that `spaces` gives.
 */
export class ScanLock {
  readonly spaces = new SpaceKeys();
  /** stall_limit, in percent. */
  readonly stallLimits = new SpaceLimits();
  readonly accesses = new SpaceAccesses();
  readonly #queues = new Map<string, Queue>();
  /** By task, the keys of those that it has asked for: a task looks only at those. */
  readonly #keysOf = new WeakMap<object, Set<string>>();

  /**
   * Waits for the lock of an address space.
   * @param patienceMs so long.
   * @returns undefined when the signal came first, when the time is over, or when the lock is kept
   * for another task.
   */
  async acquire(
    key: string,
    task: object,
    signal: AbortSignal,
    patienceMs = Infinity,
  ): Promise<ScanHold | undefined> {
    const queue = this.#queueOf(key, task);
    if (queue.claimant !== undefined && queue.claimant !== task) {
      if (performance.now() < queue.keptUntilMs) return undefined;
    }
    const entry = enter(queue);
    const { before } = entry;
    const leave = (): void => {
      entry.leave();
      this.#dropUnused(key, queue);
    };
    if (!await isFirst(before, signal, patienceMs)) {
      void before.then(leave);
      if (!signal.aborted) queue.claimant = task;
      return undefined;
    }
    if (queue.claimant === task) queue.claimant = undefined;
    queue.sinceMs = performance.now();
    return {
      key,
      isStale: queue.lastScanner !== task,
      release: (mayHaveScanned) => {
        if (mayHaveScanned) queue.lastScanner = task;
        const nowMs = performance.now();
        queue.keptUntilMs = nowMs + (nowMs - queue.sinceMs);
        leave();
      },
    };
  }

  #queueOf(key: string, task: object): Queue {
    const keys = this.#keysOf.get(task);
    if (keys === undefined) this.#keysOf.set(task, new Set([key]));
    else keys.add(key);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = {
        tail: Promise.resolve(),
        tasks: 0,
        lastScanner: undefined,
        sinceMs: 0,
        claimant: undefined,
        keptUntilMs: 0,
      };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /**
   * Forgets address spaces that a task does not see any more, unless another task was the last to
   * scan them.
   * @param keys those that the task still sees.
   */
  forgetAllBut(keys: ReadonlySet<string>, task: object): void {
    this.stallLimits.forgetAllBut(keys, task);
    this.accesses.forgetAllBut(keys, task);
    const mine = this.#keysOf.get(task);
    for (const key of mine ?? []) {
      if (keys.has(key)) continue;
      const queue = this.#queues.get(key);
      if (queue?.claimant === task) queue.claimant = undefined;
      if (queue?.lastScanner === task) queue.lastScanner = undefined;
      // A task that still holds the lock, or waits for it, may be this one.
      if (queue === undefined || queue.tasks === 0) mine!.delete(key);
      if (queue !== undefined) this.#dropUnused(key, queue);
    }
  }

  /** Forgets a lock of which there is nothing to remember. */
  #dropUnused(key: string, { tasks, lastScanner, claimant }: Queue): void {
    const isUsed = tasks > 0 || lastScanner !== undefined || claimant !== undefined;
    if (!isUsed) this.#queues.delete(key);
  }

  /** Address spaces that are remembered. */
  get size(): number {
    return this.#queues.size;
  }
}

/** Puts a task at the end of a queue. @returns when those before it have left; how it leaves. */
function enter(queue: Queue): { readonly before: Promise<void>; readonly leave: () => void } {
  const before = queue.tail;
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.tail = promise;
  queue.tasks++;
  const leave = (): void => {
    queue.tasks--;
    resolve();
  };
  return { before, leave };
}

/** Whether something happens before the signal comes, and in time. */
function isFirst(
  happens: Promise<void>,
  signal: AbortSignal,
  patienceMs: number,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (hasHappened: boolean): void => {
      clearTimeout(timer);
      forget();
      resolve(hasHappened);
    };
    const give = (): void => end(false);
    const timer = patienceMs === Infinity ? undefined : setTimeout(give, patienceMs);
    const forget = onAbort(signal, give);
    void happens.then(() => end(!signal.aborted));
  });
}
