import { AT_FDCWD, close, O_RDONLY, O_WRONLY, openAt, write } from "../ffi/libc.ts";
import { type ProcessSizes, readProcessSizes } from "../src/procfs/process_memory.ts";
import { readSmaps } from "../src/procfs/smaps.ts";
import { SetupError } from "./setup_error.ts";
import type { Store } from "./store.ts";

/** Of clear_refs (proc_pid_clear_refs(5)): reset the accessed bits of all pages. */
const CLEAR_REFS_ALL = Buffer.from("1");

/** @throws {SetupError} when the store is gone. */
export function sizesOf(store: Store): ProcessSizes {
  return within(store, readProcessSizes);
}

/** From now on `readUsedBytes` counts. @throws {SetupError} when the store is gone. */
export function beginUse(store: Store): void {
  within(store, (dirFd) => {
    const fd = openAt(dirFd, "clear_refs", O_WRONLY);
    try {
      return write(fd, CLEAR_REFS_ALL, CLEAR_REFS_ALL.length, "clear_refs");
    } finally {
      close(fd);
    }
  });
}

/**
 * Pages of a store that were used since `beginUse`, in bytes: the kernel counts them page by page,
 * but tells only how many of an area they are (Referenced of smaps).
 * @throws {SetupError} when the store is gone.
 */
export function readUsedBytes(store: Store): number {
  const vmas = within(store, (dirFd) => readSmaps(dirFd));
  return vmas.reduce((sum, { referencedBytes }) => sum + referencedBytes, 0);
}

function within<T>(store: Store, read: (dirFd: number) => T | undefined): T {
  const dirFd = openAt(AT_FDCWD, `/proc/${store.pid}`, O_RDONLY);
  try {
    const value = read(dirFd);
    if (value !== undefined) return value;
  } finally {
    close(dirFd);
  }
  throw new SetupError(`${store.name} has ended`);
}
