import { ProcfsError, readRecord } from "./read_file.ts";

/** Of include/linux/sched.h: this is a kernel thread. */
const PF_KTHREAD = 0x0020_0000;

/** What tells a process apart, of /proc/PID/stat. */
export interface ProcessStat {
  /** Each byte one character. */
  readonly comm: string;
  readonly ppid: number;
  readonly isKernelThread: boolean;
  /**
   * The thread that the file is of has ended: in /proc/PID/stat that is the first one, whose others
   * may live on with the memory.
   */
  readonly hasThreadEnded: boolean;
  /** A process that ended and was not waited for, or is ending: none of its threads lives. */
  readonly isDead: boolean;
  readonly threads: number;
  /** Ticks after boot at which it started: with the pid, the process's identity. */
  readonly startTicks: number;
  /** Changes with execve(2): where the program's code and its stack begin. */
  readonly memoryId: string;
  /** Page faults of all its threads, also of those that have ended. */
  readonly faults: number;
  /** Those of them that waited for a read: of a file, or of swap. */
  readonly majorFaults: number;
  /**
   * Changes when a page becomes present: page faults, mapped and resident size. What others do to
   * the memory without a fault of the process (ptrace(2), swapoff(2)) shows in the size only,
   * which recent kernels round.
   */
  readonly activity: string;
}

const INTEGER = /^-?\d+$/;

/**
 * Parses /proc/PID/stat (proc_pid_stat(5)). The name in parentheses may hold anything, `)` too, so
 * fields are counted from the last one.
 * @throws {ProcfsError}
 * @internal
 */
export function parseProcessStat(text: string): ProcessStat {
  const open = text.indexOf("(");
  const closing = text.lastIndexOf(")");
  const fields = text.slice(closing + 2).trim().split(" ");
  /** By the number that the manual page gives it. */
  const field = (number: number): string => {
    const value = fields[number - 3];
    if (open < 0 || closing < open || text[closing + 1] !== " " || value === undefined) {
      throw new ProcfsError("stat", 1, `field ${number}`, text.slice(0, 80));
    }
    return value;
  };
  const integer = (number: number): number => {
    const value = field(number);
    if (!INTEGER.test(value)) throw new ProcfsError("stat", 1, `field ${number}`, value);
    return Number(value);
  };
  const state = field(3);
  const hasThreadEnded = state === "Z" || state === "X" || state === "x";
  // One that has ended is counted until it is waited for; others that have ended are not.
  const threads = integer(20);
  return {
    comm: unescapeComm(text.slice(open + 1, closing)),
    ppid: integer(4),
    isKernelThread: (integer(9) & PF_KTHREAD) !== 0,
    hasThreadEnded,
    isDead: hasThreadEnded && threads <= 1,
    threads,
    startTicks: integer(22),
    memoryId: `${field(26)}:${field(28)}`,
    faults: integer(10) + integer(12),
    majorFaults: integer(12),
    activity: `${field(10)}:${field(12)}:${field(23)}:${field(24)}`,
  };
}

/** Undoes what proc_task_name() of fs/proc/array.c does to a name in stat, and not in comm. */
function unescapeComm(name: string): string {
  if (!name.includes("\\")) return name;
  return name.replaceAll(/\\([n\\])/g, (_, character) => character === "n" ? "\n" : "\\");
}

/** @param dirFd a process's /proc directory. @returns undefined when the process is gone. */
export function readProcessStat(dirFd: number, path = "stat"): ProcessStat | undefined {
  const text = readRecord(dirFd, path);
  return text === undefined || text === "" ? undefined : parseProcessStat(text);
}
