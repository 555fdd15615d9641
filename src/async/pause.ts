/**
 * Waits, by the monotonic clock.
 * @returns whether the time is over; false when the signal came first.
 */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve(true);
    }, Math.max(0, ms));
    signal.addEventListener("abort", end, { once: true });
  });
}
