import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { programArguments, RUNTIME_VARIABLES } from "./runtime_variables.ts";

const MIB = 2 ** 20;

/** Says that it was tried with little. */
const SMALL = "BUN_JSC_jitMemoryReservationSize" satisfies keyof typeof RUNTIME_VARIABLES;

/** What Bun says when it could not map room for code that it compiles at run time. */
const NO_ROOM = "bun:ffi requires the JIT";

/**
 * Limits in /proc/PID/limits (proc_pid_limits(5)), how people set them, and what a server needs of
 * each in MiB, at rest and for each worker: measured on x86_64, with a margin.
 */
const LIMITS = [
  ["Max address space", "the address space is limited to", "ulimit -v, LimitAS=", 520, 100],
  ["Max data size", "the data segment is limited to", "ulimit -d, LimitDATA=", 300, 80],
] as const;
/** As many as the pool lets work at the same time. */
const WORKERS = 2 * availableParallelism() + 1;

/**
 * Begins anew with as little reserved as a server needs, if the server's code could not be loaded
 * for want of memory and that was not tried before. Only the runtime can: there are no bindings.
 */
export function restartSmall(error: unknown): void {
  if (!isNoRoom(error) || SMALL in process.env || process.execve === undefined) return;
  const argv = [process.argv0, ...programArguments(), ...process.argv.slice(2)];
  process.execve(process.execPath, argv, { ...process.env, ...RUNTIME_VARIABLES });
}

function isNoRoom(error: unknown): boolean {
  return error instanceof Error && error.message.includes(NO_ROOM);
}

/**
 * What a limit of memory has to do with an error at the load of the server's code. Nothing that it
 * needs is a binding: those cannot be loaded then.
 * @returns one line; undefined when the error is another one.
 */
export function startFailure(error: unknown): string | undefined {
  if (!isNoRoom(error)) return undefined;
  const reasons = [limitTooLow() ?? []].flat();
  if (readFileSync("/proc/sys/vm/overcommit_memory", "latin1").trim() === "2") {
    reasons.push("vm.overcommit_memory is 2, and CommitLimit leaves too little");
  }
  const reason = reasons.length === 0 ? "there is too little memory" : reasons.join("; ");
  return `etmemd: Cannot start the server: ${reason}`;
}

/**
 * The limits of memory with which the runtime could end in the middle of the work.
 * @returns undefined when there are none.
 */
export function limitTooLow(): string | undefined {
  const limits = readFileSync("/proc/self/limits", "latin1");
  const reasons = LIMITS.flatMap(([name, what, how, restMib, workerMib]) => {
    const bytes = Number(new RegExp(`^${name} +(\\d+)`, "m").exec(limits)?.[1] ?? Infinity);
    const neededMib = restMib + workerMib * WORKERS;
    if (bytes >= neededMib * MIB) return [];
    return [`${what} ${Math.floor(bytes / MIB)} MiB (${how}), it needs ${neededMib} MiB`];
  });
  return reasons.length === 0 ? undefined : reasons.join("; ");
}
