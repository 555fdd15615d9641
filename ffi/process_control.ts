import { constants } from "node:os";
import { dlopen } from "bun:ffi";
import { addressOf, cString, lastErrno } from "./libc.ts";
import { SystemCallError } from "./errno.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // sighandler_t signal(int signum, sighandler_t handler)
  signal: { args: ["i32", "u64"], returns: "u64" },
  // int prctl(int option, unsigned long arg2, ...): see libc.ts for variadic functions
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  // int kill(pid_t pid, int sig)
  kill: { args: ["i32", "i32"], returns: "i32" },
  // int fcntl(int fd, int cmd, ...)
  fcntl: { args: ["i32", "i32", "i64"], returns: "i32" },
  // int execve(const char *pathname, char *const argv[], char *const envp[])
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  // void _exit(int status)
  _exit: { args: ["i32"], returns: "void" },
});

type Signal = keyof typeof constants.signals;

const SIG_DFL = 0;
const SIG_IGN = 1;
const PR_SET_PDEATHSIG = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Gives signals their default action, by signal(2): the runtime may have set another. */
export function setDefaultAction(signals: readonly Signal[]): void {
  for (const name of signals) libc.signal(constants.signals[name], SIG_DFL);
}

/** Ignores signals, by signal(2). */
export function ignoreSignals(signals: readonly Signal[]): void {
  for (const name of signals) libc.signal(constants.signals[name], SIG_IGN);
}

/**
 * Has this process killed when the thread that started it ends (PR_SET_PDEATHSIG(2const)).
 * @throws {SystemCallError}
 */
export function dieWithParent(): void {
  if (libc.prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL, 0, 0, 0) < 0) {
    throw new SystemCallError("prctl", lastErrno(), "PR_SET_PDEATHSIG");
  }
}

/** Kills this process and all others of its process group. */
export function killOwnGroup(): void {
  libc.kill(0, constants.signals.SIGKILL);
}

/** Keeps a descriptor from programs that this process starts. */
export function closeOnExec(fd: number): void {
  libc.fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** A NULL-terminated array of C strings, and what keeps them alive. */
function stringVector(strings: readonly string[]): { vector: BigUint64Array; keep: Uint8Array[] } {
  const keep = strings.map(cString);
  const vector = new BigUint64Array(strings.length + 1);
  for (const [i, s] of keep.entries()) vector[i] = BigInt(addressOf(s));
  return { vector, keep };
}

/** execve(2): replaces this process; returns only by throwing. @throws {SystemCallError} */
export function execve(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): never {
  const args = stringVector(argv);
  const env = stringVector(Object.entries(environment).map(([k, v]) => `${k}=${v}`));
  libc.execve(cString(path), args.vector, env.vector);
  throw new SystemCallError("execve", lastErrno(), path);
}

/** _exit(2): ends the process at once, with all its threads. */
export function exitNow(status: number): never {
  libc._exit(status);
  throw new Error("_exit returned");
}
