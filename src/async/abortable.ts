/** What waits for each signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal fires, once. However many wait for it, the signal has one listener: to
 * add and remove them takes the runtime time that grows with the square of their number.
 * @param signal one that has not fired.
 * @returns ends the wait; to be called when something else has ended it.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = waiting.get(signal) ?? listen(signal);
  const mine = (): void => callback();
  callbacks.add(mine);
  return () => {
    callbacks.delete(mine);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  waiting.set(signal, callbacks);
  signal.addEventListener("abort", () => {
    for (const callback of callbacks) callback();
    callbacks.clear();
  }, { once: true });
  return callbacks;
}

/**
 * Waits, by the monotonic clock.
 * @returns whether the time is over; false when the signal came first.
 */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      end();
      resolve(true);
    }, Math.max(0, ms));
    const end = onAbort(signal, () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

/**
 * Waits for work that cannot be ended, until it is done or the signal fires.
 * The work goes on all the same.
 * @throws what the work throws; the signal's reason once it has fired.
 */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const give = (): void => aborted.reject(signal.reason);
  if (signal.aborted) give();
  const end = onAbort(signal, give);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    end();
  }
}
