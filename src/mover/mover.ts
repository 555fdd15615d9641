import type { HeldAddressSpace } from "../procfs/held_address_space.ts";
import type { Reason } from "../reason/reasons.ts";

/** Units (base pages or whole huge pages) of one process to move, in ascending order of address. */
export interface PageBatch {
  /** Units in it. */
  count: number;
  /** Base pages in it. */
  pages: number;
  /** Page number of each unit. */
  readonly page: Float64Array;
  /** Base pages of each unit. */
  readonly size: Uint32Array;
}

/** The process that a mover works on. */
export interface MoveTarget {
  readonly pid: number;
  /**
   * Descriptor of /proc/PID, or of the folder of a thread where the first one has ended; held since
   * the process was selected.
   */
  readonly dirFd: number;
  /** What the pages to move are of. */
  readonly space: HeldAddressSpace;
}

/** Pages that the kernel refused outright, with its reason. */
export interface OutrightRefusal {
  readonly reason: Reason;
  readonly page: number;
  readonly pages: number;
}

/** Moves pages of one process out of DRAM. */
export interface Mover extends Disposable {
  /**
   * Asks the kernel to move the batch and returns when it has dealt with it. The caller looks up
   * what really moved.
   * @throws {SystemCallError} ESRCH when the process is gone, or has another address space.
   */
  pageOut(batch: PageBatch): OutrightRefusal[];
}

/** An entry of the mover table. */
export interface MoverKind<Name extends string = string> {
  /** What `mover` of a project calls it. */
  readonly name: Name;
  /** Can set the swap cache marks and have the swap cache reclaimed. */
  readonly trimsSwapCache: boolean;
  /** Why it cannot reach the memory of a process whose first thread has ended; absent: it can. */
  readonly needsFirstThread?: Reason;
  /** The kernel refuses it pages that several processes have. */
  readonly leavesShared: boolean;
  /** @returns why this kernel cannot do it; undefined when it can. */
  readonly missing: () => Reason | undefined;
  /**
   * @throws {SystemCallError} ESRCH or ENOENT when the process is gone, or has another address
   * space.
   */
  readonly open: (target: MoveTarget) => Mover;
}

/** An empty batch with room for a number of units. */
export function newBatch(capacity: number): PageBatch {
  return { count: 0, pages: 0, page: new Float64Array(capacity), size: new Uint32Array(capacity) };
}
