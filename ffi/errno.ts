import { constants } from "node:os";

/**
 * Where a number has two names, the one that comes first in the alphabet, as Node has it: EAGAIN,
 * not EWOULDBLOCK.
 */
const NAMES = new Map<number, string>(
  Object.entries(constants.errno)
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([name, value]) => [value, name]),
);

/** A system call that failed: `code` is the name of its errno, as Node's own errors have it. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;

  /** @param about what the call was made on, for the message: a path, an address. */
  constructor(syscall: string, errno: number, about?: string) {
    const code = NAMES.get(errno) ?? `errno ${errno}`;
    super(`${syscall}${about === undefined ? "" : ` "${about}"`}: ${code}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/** The errno name of a failed system call, whether Bun or one of our wrappers made it. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
