import { PAGE_SIZE } from "../../ffi/libc.ts";
import {
  MovePagesBatch,
  MPOL_MF_MOVE,
  MPOL_MF_MOVE_ALL,
  PAGE_STATUS,
} from "../../ffi/move_pages.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";
import type { HeldAddressSpace } from "../procfs/held_address_space.ts";
import { because, type Reason } from "../reason/reasons.ts";

const ESRCH = 3;

/** The reason for pages that were on the node before their turn came. */
export const THERE_ALREADY = because("already_there");

/** For pages with these a retry soon after would be in vain. */
const LASTING: ReadonlySet<number> = new Set([
  PAGE_STATUS.busy,
  PAGE_STATUS.invalid,
  PAGE_STATUS.shared,
  PAGE_STATUS.writeback,
]);

/** By errno, why the kernel moves nothing of a list, now or soon. */
const REFUSALS: ReadonlyMap<string, (node: number) => Reason> = new Map([
  ["EACCES", (node) => because("cpuset_forbids_node", String(node))],
  ["ENODEV", (node) => because("no_memory_on_node", String(node))],
]);

/** What became of a list as a whole. */
interface Attempt {
  /** The node's memory ran out. */
  readonly isFull: boolean;
  /** Nothing of it has moved, and a retry soon after would be in vain. */
  readonly isRefused: boolean;
  /** Why the kernel gave up on the list, if it did. */
  readonly failure?: Reason;
}

/** Why a page stayed, by what move_pages(2) stored for it. */
function reasonOf(status: number): Reason {
  switch (status) {
    case PAGE_STATUS.absent:
    case PAGE_STATUS.unmapped:
      return because("not_there");
    case PAGE_STATUS.shared:
      return because("shared");
    case PAGE_STATUS.busy:
      return because("busy");
    case PAGE_STATUS.noMemory:
      return because("node_full");
    case PAGE_STATUS.unknown:
      return because("not_tried");
    case PAGE_STATUS.writeback:
      return because("dirty");
    default:
      return because("kept");
  }
}

/**
 * Fills in why pages stayed of which the kernel said nothing. The first run of them is where it
 * stopped (do_pages_move in mm/migrate.c): those were busy. It has not tried the others, and they
 * stay `unknown`. When memory ran out, all of them found none.
 */
function explain(said: Int32Array, isFull: boolean): void {
  const { unknown, busy, noMemory } = PAGE_STATUS;
  const stop = said.indexOf(unknown);
  if (stop < 0) return;
  for (let i = stop; i < said.length; i++) {
    if (said[i] === unknown) said[i] = isFull ? noMemory : busy;
    else if (!isFull) return;
  }
}

/** Units of a process that are to move. */
export interface NodeMove {
  readonly pid: number;
  /** The address space of the pages: move_pages(2) takes a process, which may get another one. */
  readonly space: Pick<HeldAddressSpace, "isThere">;
  readonly node: number;
  /** Page numbers. */
  readonly pages: Float64Array;
  /** Index of the first of them to move, and how many. */
  readonly from: number;
  readonly count: number;
  /** Pieces of a unit, and the size of each; a move may leave them on different nodes. */
  readonly pieces: number;
  readonly pieceBytes: number;
  /** Called for pieces that are not on the node afterwards, or were there before. */
  readonly refuse: (reason: Reason, bytes: number) => void;
  /** Called once with the page number of each unit that the kernel does not let go. */
  readonly stuck: (page: number) => void;
}

/** Moves bounded batches of pages between nodes, and looks afterwards where they are. */
export class NodeMover {
  readonly #batch: MovePagesBatch;
  readonly #said: Int32Array;
  readonly #wasThere: Uint8Array;
  #flags: number = MPOL_MF_MOVE_ALL;

  /**
   * @param capacity the most units of a batch, and the most pieces that are looked for at once.
   * @param batch asks the kernel; it has that capacity.
   */
  constructor(capacity: number, batch: MovePagesBatch = new MovePagesBatch(capacity)) {
    this.#batch = batch;
    this.#said = new Int32Array(capacity);
    this.#wasThere = new Uint8Array(capacity);
  }

  /**
   * @returns bytes that have moved there, and why the kernel gave up, if it did.
   * @throws {SystemCallError} ESRCH when the process is gone, or has another address space; any
   * other when it is not known what has moved.
   */
  move(order: NodeMove): { readonly movedBytes: number; readonly failure?: Reason } {
    const { node, pages, from, count } = order;
    const batch = this.#batch;
    batch.clear();
    for (let i = from; i < from + count; i++) batch.push(pages[i]! * PAGE_SIZE);
    // Memory that two processes share is in the lists of both.
    this.#locate(order);
    for (let i = 0; i < count; i++) this.#wasThere[i] = batch.status[i] === node ? 1 : 0;
    const attempt = this.#tryMove(order);
    this.#said.set(batch.status.subarray(0, count));
    const { failure } = attempt;
    if (failure === undefined) explain(this.#said.subarray(0, count), attempt.isFull);
    const movedBytes = this.#verify(order, attempt);
    return failure === undefined ? { movedBytes } : { movedBytes, failure };
  }

  /**
   * Looks where the pieces of the units are, and says why some stayed. @returns bytes that moved.
   */
  #verify(order: NodeMove, attempt: Attempt): number {
    const { pages, from, count, pieces, pieceBytes } = order;
    const batch = this.#batch;
    let movedBytes = 0;
    const unitsAtOnce = Math.floor(batch.capacity / pieces);
    for (let first = 0; first < count; first += unitsAtOnce) {
      const units = Math.min(unitsAtOnce, count - first);
      batch.clear();
      for (let i = 0; i < units * pieces; i++) {
        const unit = pages[from + first + Math.floor(i / pieces)]!;
        batch.push(unit * PAGE_SIZE + (i % pieces) * pieceBytes);
      }
      this.#locate(order);
      for (let unit = 0; unit < units; unit++) {
        movedBytes += this.#settle(order, attempt, first + unit, unit * pieces);
      }
    }
    return movedBytes;
  }

  /**
   * Accounts for a unit.
   * @param at where the nodes of its pieces begin in the batch's `status`.
   * @returns bytes of it that moved.
   */
  #settle(order: NodeMove, attempt: Attempt, unit: number, at: number): number {
    const { node, pages, from, pieces, pieceBytes, refuse, stuck } = order;
    const { isRefused, failure } = attempt;
    const said = this.#said[unit]!;
    let movedBytes = 0;
    let isStuck = false;
    for (let i = at; i < at + pieces; i++) {
      const now = this.#batch.status[i]!;
      if (this.#wasThere[unit] === 1) {
        refuse(THERE_ALREADY, pieceBytes);
      } else if (now === node) {
        movedBytes += pieceBytes;
      } else {
        // A piece that is gone by now was not there to be moved.
        refuse(failure ?? reasonOf(said < 0 && now >= 0 ? said : now), pieceBytes);
        isStuck ||= now >= 0 && (isRefused || LASTING.has(said));
      }
    }
    if (isStuck) stuck(pages[from + unit]!);
    return movedBytes;
  }

  /**
   * Moves the batch, and says how that ended. After a failure that is no refusal, a part of the
   * batch may have moved. @throws {SystemCallError} ESRCH
   */
  #tryMove(order: NodeMove): Attempt {
    try {
      return { isFull: this.#moveTo(order), isRefused: false };
    } catch (error) {
      if (!(error instanceof SystemCallError) || error.code === "ESRCH") throw error;
      // Nothing was asked for: it cannot be known whose pages they are.
      if (error.syscall !== "move_pages") throw error;
      const refusal = REFUSALS.get(error.code);
      return {
        isFull: false,
        isRefused: refusal !== undefined,
        failure: refusal?.(order.node) ?? because("failed", error.message),
      };
    }
  }

  /**
   * Moves pages that others map too where that is permitted. When the node's memory runs out, the
   * kernel gives up with ENOMEM and says nothing of single pages, though some have moved.
   * @returns whether the node's memory ran out.
   */
  #moveTo(order: NodeMove): boolean {
    const { pid, node } = order;
    checkSpace(order);
    try {
      this.#batch.moveTo(pid, node, this.#flags);
      return false;
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOMEM") return true;
      if (code !== "EPERM" || this.#flags === MPOL_MF_MOVE) throw error;
      this.#flags = MPOL_MF_MOVE;
      return this.#moveTo(order);
    }
  }

  /** Looks where the pages of the batch are. */
  #locate(order: NodeMove): void {
    checkSpace(order);
    this.#batch.locate(order.pid);
  }
}

/** @throws {SystemCallError} ESRCH when the process has another address space by now. */
function checkSpace({ pid, space, pages, from }: NodeMove): void {
  if (!space.isThere(pages[from]!)) throw new SystemCallError("move_pages", ESRCH, String(pid));
}
