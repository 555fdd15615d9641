import type { Pagemap } from "./pagemap.ts";
import { readProcessStat } from "./process_stat.ts";

/**
 * The address space that a process had when it was opened. execve(2) gives the process another one,
 * in which other memory may have the same addresses.
 */
export class HeldAddressSpace {
  readonly #dirFd: number;
  readonly #pagemap: Pagemap;
  readonly #memoryId: string;

  /**
   * @param dirFd descriptor of the process's /proc directory.
   * @param pagemap opened on the address space.
   * @param memoryId of it: ProcessStat.memoryId.
   */
  constructor(dirFd: number, pagemap: Pagemap, memoryId: string) {
    this.#dirFd = dirFd;
    this.#pagemap = pagemap;
    this.#memoryId = memoryId;
  }

  /**
   * Whether the process has it still. pagemap reads as gone once no process has it. Where another
   * process has it too (vfork(2), clone(2) with CLONE_VM), pagemap goes on, and the stat tells.
   * @param page a page number below the end of user space; pagemap's window is dropped.
   * @throws {SystemCallError | ProcfsError}
   */
  isThere(page: number): boolean {
    return this.#pagemap.isAlive(page) &&
      readProcessStat(this.#dirFd)?.memoryId === this.#memoryId;
  }
}
