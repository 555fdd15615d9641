import { SystemCallError } from "./errno.ts";
import { AT_FDCWD, close, O_RDONLY, openAt, read, syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

const buffer = new Uint8Array(4096);
const decoder = new TextDecoder("latin1");

/** What the kernel says of a thread at a moment. */
export interface ThreadActivity {
  /** It computes, or waits for a CPU. */
  readonly wantsCpu: boolean;
  /** Changes each time the thread has had a CPU. */
  readonly clock: string;
}

/** The number of the calling thread, by gettid(2). */
export function threadId(): number {
  return syscall("gettid", SYSCALL.gettid);
}

/** @returns undefined when the kernel has no such file (any more). */
function readOwn(path: string): string | undefined {
  let fd: number;
  try {
    fd = openAt(AT_FDCWD, path, O_RDONLY);
  } catch (error) {
    if (error instanceof SystemCallError) return undefined;
    throw error;
  }
  try {
    return decoder.decode(buffer.subarray(0, read(fd, buffer, buffer.length)));
  } catch (error) {
    if (error instanceof SystemCallError) return undefined;
    throw error;
  } finally {
    close(fd);
  }
}

/**
 * Looks at a thread of this process, by stat and schedstat below /proc/self/task (proc_pid_stat(5),
 * Documentation/scheduler/sched-stats.rst). These files take no lock that the thread may hold or
 * wait for.
 * @returns undefined when the thread has ended.
 */
export function threadActivity(tid: number): ThreadActivity | undefined {
  const stat = readOwn(`/proc/self/task/${tid}/stat`);
  if (stat === undefined || stat === "") return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A kernel without CONFIG_SCHED_INFO has user and system time only, in ticks.
  const clock = readOwn(`/proc/self/task/${tid}/schedstat`) ?? `${fields[11]} ${fields[12]}`;
  return { wantsCpu: fields[0] === "R", clock };
}
