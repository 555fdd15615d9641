import { dlopen } from "bun:ffi";
import { SystemCallError } from "../ffi/errno.ts";
import { lastErrno } from "../ffi/libc.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // int clock_getcpuclockid(pid_t pid, clockid_t *clockid): the error number is its result
  clock_getcpuclockid: { args: ["i32", "ptr"], returns: "i32" },
  // int clock_gettime(clockid_t clockid, struct timespec *tp)
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
});

/**
 * CPU time in seconds of a process, to the nanosecond and with that of threads that have ended
 * (clock_getcpuclockid(3)). @throws {SystemCallError} ESRCH when there is no such process.
 */
export function processCpuSeconds(pid: number): number {
  const clock = new Int32Array(1);
  const errno = libc.clock_getcpuclockid(pid, clock);
  if (errno !== 0) throw new SystemCallError("clock_getcpuclockid", errno, String(pid));
  const timespec = new BigUint64Array(2);
  if (libc.clock_gettime(clock[0]!, timespec) < 0) {
    throw new SystemCallError("clock_gettime", lastErrno(), String(pid));
  }
  return Number(timespec[0]) + Number(timespec[1]) / 1e9;
}
