import { PAGE_SIZE } from "../../../ffi/libc.ts";
import type { PageBatch } from "../../mover/mover.ts";
import { limitingGroups } from "../../procfs/cgroup_limits.ts";
import { unprotectedMemory } from "../../procfs/protected_memory.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import { readSwapLimit } from "../round/swap_limit.ts";

/** What of a MoveOrder matters here. */
interface GroupRoomOrder {
  readonly underway?: Int32Array;
  readonly isDryRun?: boolean;
}

/**
 * How much of a process its control groups let go now: of swap, and where a task respects it, of
 * what memory.low and memory.min protect. Several threads may move memory of one group. So each
 * announces what it is about to move before it looks how much may go.
 */
export class GroupRoom implements Disposable {
  /** Why nothing more may go; undefined while something may. */
  whyNone: Reason | undefined;
  readonly #dirFd: number;
  readonly #root: string | undefined;
  readonly #isDryRun: boolean;
  readonly #underway: Int32Array | undefined;
  /** What this thread has announced. */
  #announced = 0;
  /** Pages that may go to swap, and why no more. */
  #swapPages = Infinity;
  #swapReason: Reason | undefined;
  /** Those of the process and those above them. */
  #groups: readonly string[] = [];

  /** @param order in a dry run nothing limits. @param root where control groups are mounted. */
  constructor(
    dirFd: number,
    { underway, isDryRun = false }: GroupRoomOrder,
    root?: string,
  ) {
    this.#dirFd = dirFd;
    this.#underway = isDryRun ? undefined : underway;
    this.#isDryRun = isDryRun;
    this.#root = root;
  }

  [Symbol.dispose](): void {
    this.#announce(0);
  }

  /**
   * Looks in which groups the process is, and how much may go to swap.
   * @returns why nothing may.
   */
  refresh(): Reason | undefined {
    if (this.#underway !== undefined) this.#groups = limitingGroups(this.#dirFd, this.#root);
    const limit = this.#isDryRun ? undefined : readSwapLimit(this.#dirFd, this.#root);
    this.#swapPages = limit?.pages ?? Infinity;
    this.#swapReason = limit?.reason;
    return this.#swapPages < 1 ? this.#swapReason : undefined;
  }

  /**
   * Fills a batch that is empty, and leaves it empty when no more may go. refresh() comes first.
   * @param next fills it with at most that many base pages, but at least one unit.
   */
  fill(batch: PageBatch, pages: number, next: (most: number) => void): void {
    if (this.#swapPages < 1) {
      this.whyNone = this.#swapReason;
      return;
    }
    const most = this.#take(Math.min(pages, this.#swapPages), 1);
    if (most < 1) return;
    next(most);
    // A huge page is one unit.
    if (batch.pages > most && this.#take(batch.pages, batch.pages) < batch.pages) {
      batch.count = batch.pages = 0;
    }
    this.#swapPages -= batch.pages;
  }

  /**
   * @param least as many at least, or there is a reason for none.
   * @returns how many of so many pages may go; then they are announced.
   */
  #take(pages: number, least: number): number {
    if (this.#underway === undefined) return pages;
    const others = this.#announce(pages);
    const unprotected = unprotectedMemory(this.#groups);
    if (unprotected === undefined) return pages;
    const room = Math.floor(unprotected.bytes / PAGE_SIZE) - others;
    const most = Math.max(0, Math.min(pages, room));
    this.#announce(most);
    if (most < least) {
      this.whyNone = because("group_protected", unprotected.limit);
    }
    return most;
  }

  /** Announces so many pages in place of those before. @returns what others have announced. */
  #announce(pages: number): number {
    if (this.#underway === undefined) return 0;
    const before = Atomics.add(this.#underway, 0, pages - this.#announced);
    const others = before - this.#announced;
    this.#announced = pages;
    return others;
  }
}
