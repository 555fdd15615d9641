import { threadCpuUs } from "../ffi/libc.ts";

/** CPU of this thread for a piece of work, in ms. */
export function cpuMs(work: () => void): number {
  const begin = threadCpuUs();
  work();
  return (threadCpuUs() - begin) / 1000;
}
