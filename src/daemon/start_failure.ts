import { readFileSync } from "node:fs";

const MIB = 2 ** 20;

/** The least of each limit with which the server starts, measured on x86_64; kernels.md has it. */
const NEEDED_MIB = 2400;

/** What Bun says when it could not map the 1 GiB for code that it compiles at run time. */
const NO_ROOM = "bun:ffi requires the JIT";

/** Limits in /proc/PID/limits (proc_pid_limits(5)), and how people set them. */
const LIMITS = [
  ["Max address space", "the address space is limited to", "ulimit -v, LimitAS="],
  ["Max data size", "the data segment is limited to", "ulimit -d, LimitDATA="],
] as const;

/**
 * What a limit of memory has to do with an error at the load of the server's code. Nothing that it
 * needs is a binding: those cannot be loaded then.
 * @returns one line; undefined when the error is another one.
 */
export function startFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !error.message.includes(NO_ROOM)) return undefined;
  const limits = readFileSync("/proc/self/limits", "latin1");
  const reasons = LIMITS.flatMap(([name, what, how]) => {
    const bytes = Number(new RegExp(`^${name} +(\\d+)`, "m").exec(limits)?.[1] ?? Infinity);
    if (bytes >= NEEDED_MIB * MIB) return [];
    return [`${what} ${Math.floor(bytes / MIB)} MiB (${how}), it needs ${NEEDED_MIB} MiB`];
  });
  if (readFileSync("/proc/sys/vm/overcommit_memory", "latin1").trim() === "2") {
    reasons.push("vm.overcommit_memory is 2, and CommitLimit leaves too little");
  }
  const reason = reasons.length === 0 ? "there is too little memory" : reasons.join("; ");
  return `etmemd: Cannot start the server: ${reason}`;
}
