import { PAGE_SIZE } from "../../ffi/libc.ts";
import {
  MovePagesBatch,
  MPOL_MF_MOVE,
  MPOL_MF_MOVE_ALL,
  PAGE_STATUS,
} from "../../ffi/move_pages.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";

/** Why a page stayed, by what move_pages(2) stored for it. */
function reasonOf(status: number): string {
  switch (status) {
    case PAGE_STATUS.absent:
    case PAGE_STATUS.unmapped:
      return "not there any more";
    case PAGE_STATUS.shared:
      return "shared";
    case PAGE_STATUS.busy:
      return "busy";
    case PAGE_STATUS.noMemory:
    case PAGE_STATUS.unknown:
      return "no memory on the node";
    case PAGE_STATUS.writeback:
      return "dirty and not writable";
    default:
      return "kept by the kernel";
  }
}

/** Moves pages of processes between nodes, a bounded batch at a time, and looks afterwards where they are. */
export class NodeMover {
  readonly #batch: MovePagesBatch;
  readonly #said: Int32Array;
  #flags: number = MPOL_MF_MOVE_ALL;

  /** @param capacity units in the largest batch. */
  constructor(capacity: number) {
    this.#batch = new MovePagesBatch(capacity);
    this.#said = new Int32Array(capacity);
  }

  get capacity(): number {
    return this.#batch.capacity;
  }

  /**
   * Moves `count` units to a node.
   * @param pages page numbers, from index `from` on; at most `capacity` of them.
   * @param refuse called for each unit that is not there afterwards.
   * @returns units that are there afterwards, and why the kernel gave up, if it did.
   * @throws {SystemCallError} ESRCH when the process is gone; any other when nobody can tell what has moved.
   */
  move(
    pid: number,
    pages: Float64Array,
    from: number,
    count: number,
    node: number,
    refuse: (reason: string) => void,
  ): { readonly moved: number; readonly failure?: string } {
    const batch = this.#batch;
    batch.clear();
    for (let i = from; i < from + count; i++) batch.push(pages[i]! * PAGE_SIZE);
    const failure = this.#tryMove(pid, node);
    this.#said.set(batch.status.subarray(0, count));
    batch.locate(pid);
    let moved = 0;
    for (let i = 0; i < count; i++) {
      if (batch.status[i] === node) moved++;
      else refuse(failure ?? reasonOf(this.#said[i]! < 0 ? this.#said[i]! : batch.status[i]!));
    }
    return failure === undefined ? { moved } : { moved, failure };
  }

  /** @returns why the kernel gave up on the list, of which a part may have moved. @throws {SystemCallError} ESRCH */
  #tryMove(pid: number, node: number): string | undefined {
    try {
      this.#moveTo(pid, node);
      return undefined;
    } catch (error) {
      if (!(error instanceof SystemCallError) || error.code === "ESRCH") throw error;
      return error.message;
    }
  }

  /**
   * Pages that others map too are moved where that is permitted. When the node's memory runs out the kernel gives
   * up with ENOMEM and says nothing of single pages, though some have moved.
   */
  #moveTo(pid: number, node: number): void {
    try {
      this.#batch.moveTo(pid, node, this.#flags);
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOMEM") return;
      if (code !== "EPERM" || this.#flags === MPOL_MF_MOVE) throw error;
      this.#flags = MPOL_MF_MOVE;
      this.#moveTo(pid, node);
    }
  }
}
