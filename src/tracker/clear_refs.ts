import { close, O_WRONLY, openAt, write } from "../../ffi/libc.ts";

/** Of clear_refs (proc_pid_clear_refs(5)): reset the accessed bits of all pages. */
const CLEAR_REFS_ALL = Buffer.from("1");

/**
 * Clears the accessed bits of all pages of a process. It cannot map memory, and mostly has to wait
 * for the pages that it maps, until that is done: 12 ms a GiB.
 * @param dirFd descriptor of its /proc directory.
 * @throws {SystemCallError} ENOENT or ESRCH when the process is gone.
 */
export function clearRefs(dirFd: number): void {
  const fd = openAt(dirFd, "clear_refs", O_WRONLY);
  try {
    write(fd, CLEAR_REFS_ALL, CLEAR_REFS_ALL.length, "clear_refs");
  } finally {
    close(fd);
  }
}
