import { dlopen } from "bun:ffi";
import { SystemCallError } from "./errno.ts";
import { lastErrno } from "./libc.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // int flock(int fd, int operation)
  flock: { args: ["i32", "i32"], returns: "i32" },
});

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks a file against others that lock it, until the descriptor is closed: flock(2), never waiting.
 * @throws {SystemCallError} EAGAIN when another has the lock.
 */
export function lockFile(fd: number): void {
  if (libc.flock(fd, LOCK_EX | LOCK_NB) < 0) throw new SystemCallError("flock", lastErrno());
}
