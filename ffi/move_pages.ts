import { syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

/** Move pages that only the process maps (linux/mempolicy.h). */
export const MPOL_MF_MOVE = 2;
/** Move shared pages too; needs CAP_SYS_NICE (linux/mempolicy.h). */
export const MPOL_MF_MOVE_ALL = 4;

/**
 * What the kernel stores for a page that it did not move, as move_pages(2) lists it; a status of 0
 * or more is the node that the page is on.
 */
export const PAGE_STATUS = {
  /** -ENOENT: nothing is present at the address. */
  absent: -2,
  /** -EIO: a dirty page that cannot be written back. */
  writeback: -5,
  /** -ENOMEM: the node has no memory for it. */
  noMemory: -12,
  /** -EACCES: shared, and MPOL_MF_MOVE_ALL was not given. */
  shared: -13,
  /** -EFAULT: the zero page, or no memory is mapped there. */
  unmapped: -14,
  /** -EBUSY: held by someone else at the moment; or its huge page is in the list already. */
  busy: -16,
  /** -EINVAL: it cannot be isolated. */
  invalid: -22,
  /**
   * Not of the kernel: it stored nothing. It stops at the first run of pages that it cannot move as
   * a whole and leaves their status and that of all later ones alone (do_pages_move in
   * mm/migrate.c), so some of them may have moved all the same: `locate()` tells.
   */
  unknown: -0x8000_0000,
} as const;

/**
 * A list of pages of one process in the layout of move_pages(2): `void *pages[]`, `int nodes[]`,
 * `int status[]`. It is filled and used again without allocating.
 */
export class MovePagesBatch {
  readonly capacity: number;
  /** Per page, after `locate()` and `moveTo()`: a node, or a value of PAGE_STATUS. */
  readonly status: Int32Array;
  readonly #words: Uint32Array;
  readonly #nodes: Int32Array;
  #count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#words = new Uint32Array(capacity * 2);
    this.#nodes = new Int32Array(capacity);
    this.status = new Int32Array(capacity);
  }

  /** Pages in it. */
  get count(): number {
    return this.#count;
  }

  /** Empties it. */
  clear(): void {
    this.#count = 0;
  }

  /** Appends a page by an address in it, a safe integer. @throws {RangeError} when it is full. */
  push(address: number): void {
    const at = this.#count;
    if (at >= this.capacity) {
      throw new RangeError(
        `Cannot add page 0x${address.toString(16)}: the batch holds ${at} pages`,
      );
    }
    // Both architectures are little-endian; two stores spare a bigint per page.
    this.#words[at * 2] = address >>> 0;
    this.#words[at * 2 + 1] = Math.floor(address / 0x1_0000_0000);
    this.#count = at + 1;
  }

  /**
   * Asks for the node of every page, into `status`.
   * @throws {SystemCallError} ESRCH when the process is gone, EPERM when it is not ours to look at.
   */
  locate(pid: number): void {
    this.#call(pid, null, MPOL_MF_MOVE);
  }

  /**
   * Moves every page to a node, and says in `status` what became of it.
   * @param flags MPOL_MF_MOVE or MPOL_MF_MOVE_ALL.
   * @returns 0 when the kernel went through the whole list; else the number of pages it did not
   * move, and `status` is `unknown` where it said nothing.
   * @throws {SystemCallError} ESRCH when the process is gone, EACCES when its cpuset does not allow
   * the node, ENODEV when the node is not online or has no memory, EPERM without the right to move,
   * ENOMEM when the node is full (down to the min watermarks of its zones):
   * a part may have moved by then.
   */
  moveTo(pid: number, node: number, flags: number): number {
    this.#nodes.fill(node, 0, this.#count);
    this.status.fill(PAGE_STATUS.unknown, 0, this.#count);
    return this.#call(pid, this.#nodes, flags);
  }

  // long move_pages(int pid, unsigned long count, void *pages[], const int nodes[], int status[],
  //                 int flags)
  #call(pid: number, nodes: Int32Array | null, flags: number): number {
    if (this.#count === 0) return 0;
    return syscall(
      "move_pages",
      SYSCALL.move_pages,
      pid,
      this.#count,
      this.#words,
      nodes,
      this.status,
      flags,
    );
  }
}
