import { monotonicMs } from "../../../ffi/libc.ts";

/** A time by monotonicMs(), as performance.now() of this thread has it. */
export function inThisThread(ms: number): number {
  return performance.now() - (monotonicMs() - ms);
}

/** A time by performance.now(), which is a thread's own, as monotonicMs() has it. */
export function inAllThreads(ms: number): number {
  return monotonicMs() - (performance.now() - ms);
}
