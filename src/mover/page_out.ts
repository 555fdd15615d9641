import { monotonicMs, PAGE_SIZE } from "../../ffi/libc.ts";
import { isGone } from "../procfs/read_file.ts";
import { type Pagemap, WINDOW_ENTRIES } from "../procfs/pagemap.ts";
import { messageOf } from "../text/message_of.ts";
import { FrameFates } from "./frame_fates.ts";
import type { MovePlan } from "./move_plan.ts";
import { MoveRates } from "./move_rate.ts";
import type { MovedSet } from "./moved_set.ts";
import { type Mover, newBatch, type OutrightRefusal, type PageBatch } from "./mover.ts";
import { because, type Reason } from "../reason/reasons.ts";

/**
 * The process waits for a request to the kernel that is about its memory, so a request is to take
 * about this long, and a pause of the same length follows. A huge page is moved whole, however long
 * that takes.
 */
const CALL_MS = 1;
const FIRST_BATCH_PAGES = 64;
const SMALLEST_BATCH_PAGES = 16;
/** Base pages of the largest batch. */
export const LARGEST_BATCH_PAGES = 64 * 1024;
/** Weight of a request in the mean time of a page. */
const WEIGHT = 1 / 8;
/** A request counts as no more than so many times the mean: the thread may have had no CPU. */
const MOST = 4;
/** Reasons to hold are looked for so often. */
const HOLD_MS = 10;
/** It waits for longer without a thread: `restMs` of the account says how long. */
const LONGEST_REST_MS = 20;
/** A thread that waits for longer would seem to be held by the kernel. */
const LONGEST_WAIT_MS = 500;

/** Units further apart than this are looked up with a read of their own. */
const LOOKUP_GAP_PAGES = 512;

const WAS_PRESENT = 1;
const WAS_FILE = 2;

/** Where the cold pages come from, and when to stop. */
export interface PageOutOrder {
  /**
   * Appends the next units to an empty batch, in ascending order and at most `pages` base pages;
   * leaves the batch empty at the end. So far `moved` base pages have moved.
   */
  readonly next: (batch: PageBatch, pages: number, moved: number) => void;
  /** Empties a batch of one unit that had to wait, if that was used meanwhile. */
  readonly dropUsed?: ((batch: PageBatch) => void) | undefined;
  /** Asked now and then: a reason to leave the rest alone. */
  readonly hold: () => Reason | undefined;
  /** Waits for so many milliseconds, between two requests. */
  readonly rest: (ms: number) => void;
  /** Leaves pages that several processes have alone, and is called with the frame of each. */
  readonly spareShared?: ((frame: number) => void) | undefined;
  /** Descriptor of /proc/PID. */
  readonly dirFd: number;
  readonly mover: Mover;
  /** The mover moves nothing: what it does not refuse counts as moved. */
  readonly isDryRun?: boolean | undefined;
  readonly pagemap: Pagemap;
  /** Gets the pages that have moved. */
  readonly moved: Pick<MovedSet, "add">;
  /** When how much is to go; absent: all of it now. */
  readonly plan?: Pick<MovePlan, "due" | "untilNext">;
  /** How much may go in a second; absent: whatever goes. */
  readonly rates?: Pick<MoveRates, "mostBytes" | "take" | "settle">;
  /** What it came to before it rested; absent at the beginning. */
  readonly soFar?: PageOutAccount | undefined;
}

/** What became of the cold pages, in base pages. */
export interface PageOutAccount {
  asked: number;
  /** Base pages that have left DRAM: written to swap, or given up by the kernel. */
  moved: number;
  /** Base pages that were asked for and have not moved, by reason. */
  readonly refused: Map<Reason, number>;
  /** The page of zeros, which is no memory: some trackers cannot tell it from others. */
  zeros: number;
  /** Not there any more when their turn came. */
  vanished: number;
  /** Not asked for, since several processes have them. */
  sparedShared: number;
  /** Why the rest was left alone: told to, the process is gone, or the mover failed. */
  held?: Reason;
  /** What failed on the way: the mover as a whole, a read. */
  readonly errors: string[];
  moveUs: number;
  verifyUs: number;
  /** Base pages whose turn has come. */
  handled: number;
  /** Mean time that a base page takes; undefined: not known yet. */
  pageMs: number | undefined;
  /** It is not over: it goes on after so many milliseconds. */
  restMs?: number;
}

const PROCESS_GONE = because("process_gone");
/** Refused, since the swap device takes no writes. */
export const UNWRITTEN = because("not_written");

/** Adds to a count by reason. */
export function tally(counts: Map<Reason, number>, why: Reason, n: number): void {
  if (n > 0) counts.set(why, (counts.get(why) ?? 0) + n);
}

/**
 * The current batch of this thread. For each of its base pages: what it was before, and its frame.
 */
let batchInHand: PageBatch | undefined;
let before: Uint8Array | undefined;
let framesBefore: Float64Array | undefined;

/** Pages out batch by batch. Before and after each batch pagemap says where its pages are. */
class PageOut implements Disposable {
  readonly account: PageOutAccount;
  readonly #order: PageOutOrder;
  readonly #batch = batchInHand ??= newBatch(LARGEST_BATCH_PAGES);
  readonly #before = before ??= new Uint8Array(LARGEST_BATCH_PAGES);
  readonly #framesBefore = framesBefore ??= new Float64Array(LARGEST_BATCH_PAGES);
  readonly #fates: FrameFates;
  readonly #rates: Pick<MoveRates, "mostBytes" | "take" | "settle">;
  #holdAskedMs = Number.NEGATIVE_INFINITY;
  /** How long the last request took; 0: nothing was asked for. */
  #callMs = 0;

  constructor(order: PageOutOrder) {
    this.#order = order;
    const { restMs: _rested, ...soFar } = order.soFar ?? nothingSoFar();
    this.account = { ...soFar, errors: [], moveUs: 0, verifyUs: 0 };
    this.#rates = order.rates ?? new MoveRates([]);
    this.#fates = new FrameFates(order.dirFd, this.account.errors);
  }

  [Symbol.dispose](): void {
    this.#fates[Symbol.dispose]();
  }

  run(): void {
    for (;;) {
      const held = this.account.held ?? this.#reasonToHold();
      if (held !== undefined) {
        this.account.held = held;
        return;
      }
      const pages = this.#takePages();
      if (pages === 0) {
        if (this.account.restMs !== undefined) return;
        continue;
      }
      if (!this.#next(pages)) return;
      this.#rest();
    }
  }

  /** Moves the next units. @param pages base pages that are taken. @returns false at the end. */
  #next(pages: number): boolean {
    const { account } = this;
    const { next } = this.#order;
    const batch = this.#batch;
    const movedBefore = account.moved;
    let taken = pages;
    try {
      batch.count = batch.pages = this.#callMs = 0;
      next(batch, pages, account.moved);
      account.handled += batch.pages;
      if (batch.count === 0) return false;
      taken = this.#takeLarger(pages);
      if (taken > 0) this.#moveBatch();
      return true;
    } finally {
      this.#rates.settle(taken * PAGE_SIZE, (account.moved - movedBefore) * PAGE_SIZE);
    }
  }

  /** Moves what of the batch is present. */
  #moveBatch(): void {
    const begin = performance.now();
    if (!this.#dropSome()) return;
    const asked = performance.now();
    const refused = this.#ask();
    const after = performance.now();
    this.#verify(refused);
    this.account.moveUs += (after - asked) * 1000;
    this.account.verifyUs += (asked - begin + performance.now() - after) * 1000;
    this.#callMs = after - asked;
  }

  /**
   * Takes as many base pages from the rates as a request may be about now.
   * @returns 0 when it is to wait, and has done so unless the account says for how long.
   */
  #takePages(): number {
    const { plan } = this.#order;
    const now = monotonicMs();
    const due = (plan?.due(now) ?? Number.POSITIVE_INFINITY) - this.account.handled;
    if (plan !== undefined && due <= 0) return this.#wait(plan.untilNext(now));
    const most = Math.min(this.#batchPages(), due, Math.floor(this.#rates.mostBytes / PAGE_SIZE));
    const pages = Math.max(1, most);
    const waitMs = this.#rates.take(pages * PAGE_SIZE);
    return waitMs === 0 ? pages : this.#wait(waitMs);
  }

  #wait(ms: number): 0 {
    if (ms > LONGEST_REST_MS) this.account.restMs = ms;
    else this.#order.rest(ms);
    return 0;
  }

  /**
   * A unit that is larger than what was taken goes when the rates let it.
   * @returns base pages that are taken then; 0: a reason to hold came first, or it was used.
   */
  #takeLarger(taken: number): number {
    const { pages } = this.#batch;
    const rates = this.#rates;
    if (pages <= taken || rates.mostBytes === Number.POSITIVE_INFINITY) return taken;
    rates.settle(taken * PAGE_SIZE, 0);
    for (;;) {
      const waitMs = rates.take(pages * PAGE_SIZE);
      if (waitMs === 0) return pages;
      this.#order.rest(Math.min(waitMs, LONGEST_WAIT_MS));
      const held = this.#reasonToHold();
      if (held !== undefined) this.account.held = held;
      this.#order.dropUsed?.(this.#batch);
      if (held !== undefined || this.#batch.count === 0) return 0;
    }
  }

  /** Base pages that a request of about CALL_MS is about. */
  #batchPages(): number {
    const { pageMs } = this.account;
    if (pageMs === undefined) return FIRST_BATCH_PAGES;
    const pages = Math.round(CALL_MS / pageMs);
    return Math.min(Math.max(pages, SMALLEST_BATCH_PAGES), LARGEST_BATCH_PAGES);
  }

  /** Learns from a request how long one takes, and gives the process as much time for itself. */
  #rest(): void {
    const ms = this.#callMs;
    const { pages } = this.#batch;
    if (pages === 0 || ms === 0) return;
    const mean = this.account.pageMs ?? ms / pages;
    this.account.pageMs = mean + WEIGHT * (Math.min(ms / pages, MOST * mean) - mean);
    this.#order.rest(Math.max(ms, CALL_MS));
  }

  #reasonToHold(): Reason | undefined {
    const now = performance.now();
    if (now - this.#holdAskedMs < HOLD_MS) return undefined;
    this.#holdAskedMs = now;
    try {
      return this.#order.hold();
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The rest is left alone; what has moved so far counts. @returns why. */
  #fail(error: unknown): Reason {
    const message = messageOf(error);
    if (!isGone(error)) this.account.errors.push(message);
    this.account.held = isGone(error) ? PROCESS_GONE : because("failed", message);
    return this.account.held;
  }

  /** When the mover fails as a whole, what it may have moved before is looked up all the same. */
  #ask(): OutrightRefusal[] {
    if (this.#batch.count === 0) return [];
    try {
      return this.#order.mover.pageOut(this.#batch);
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  /** Loads the entries of a unit unless pagemap has them. @returns false when it cannot. */
  #ensureLoaded(index: number): boolean {
    const { pagemap } = this.#order;
    const page = this.#batch.page[index]!;
    return (pagemap.holds(page + this.#batch.size[index]! - 1) && pagemap.holds(page)) ||
      this.#load(index);
  }

  /** Loads the entries of a unit and of the units near it. @returns false when it cannot. */
  #load(index: number): boolean {
    const batch = this.#batch;
    const from = batch.page[index]!;
    let to = from + batch.size[index]!;
    for (let i = index + 1; i < batch.count; i++) {
      const end = batch.page[i]! + batch.size[i]!;
      if (batch.page[i]! - to > LOOKUP_GAP_PAGES || end - from > WINDOW_ENTRIES) break;
      to = end;
    }
    try {
      if (this.#order.pagemap.load(from, to) === to - from) return true;
      this.account.held = PROCESS_GONE;
    } catch (error) {
      this.#fail(error);
    }
    return false;
  }

  /**
   * Takes units out of the batch that are not present, or are shared and to be spared.
   * @returns false when pagemap does not say which those are.
   */
  #dropSome(): boolean {
    const batch = this.#batch;
    let kept = 0;
    let base = 0;
    let asked = 0;
    let zeros = 0;
    let vanished = 0;
    let sparedShared = 0;
    for (let unit = 0; unit < batch.count; unit++) {
      if (!this.#ensureLoaded(unit)) return false;
      const page = batch.page[unit]!;
      const size = batch.size[unit]!;
      const present = this.#notePresent(page, size, base);
      const isSpared = this.#order.spareShared !== undefined && this.#isShared(page, size);
      const zerosOfUnit = present < size ? this.#zerosOf(page, size) : 0;
      zeros += zerosOfUnit;
      vanished += size - present - zerosOfUnit;
      if (isSpared) sparedShared += this.#noteShared(base, size);
      if (present === 0 || isSpared) continue;
      asked += present;
      batch.page[kept] = page;
      batch.size[kept] = size;
      kept++;
      base += size;
    }
    batch.count = kept;
    batch.pages = base;
    this.account.asked += asked;
    this.account.zeros += zeros;
    this.account.vanished += vanished;
    this.account.sparedShared += sparedShared;
    return true;
  }

  /**
   * Notes, from `base` on, what the pages of a unit are and in which frames.
   * @returns how many are present.
   */
  #notePresent(page: number, size: number, base: number): number {
    const { pagemap } = this.#order;
    let present = 0;
    for (let i = 0; i < size; i++) {
      const isPresent = pagemap.isPresent(page + i);
      if (isPresent) present++;
      this.#before[base + i] = isPresent
        ? WAS_PRESENT | (pagemap.isFile(page + i) ? WAS_FILE : 0)
        : 0;
      this.#framesBefore[base + i] = pagemap.frame(page + i);
    }
    return present;
  }

  #zerosOf(page: number, size: number): number {
    let zeros = 0;
    for (let i = page; i < page + size; i++) if (this.#order.pagemap.isZeros(i)) zeros++;
    return zeros;
  }

  /** @param base where the pages of a unit are noted. @returns how many are present. */
  #noteShared(base: number, size: number): number {
    let present = 0;
    for (let i = base; i < base + size; i++) {
      if (this.#before[i] === 0) continue;
      present++;
      this.#order.spareShared?.(this.#framesBefore[i]!);
    }
    return present;
  }

  /** Whether another process may have a present page of a unit too. */
  #isShared(page: number, size: number): boolean {
    const { pagemap } = this.#order;
    for (let i = page; i < page + size; i++) {
      if (pagemap.isPresent(i) && !pagemap.isExclusive(i)) return true;
    }
    return false;
  }

  /** Finds out what became of each page of the batch. */
  #verify(outright: readonly OutrightRefusal[]): void {
    const batch = this.#batch;
    let base = 0;
    let refusal = 0;
    this.#order.pagemap.forget();
    this.#fates.forget();
    const unwrittenBefore = this.#unwritten;
    const movedBefore = this.account.moved;
    for (let unit = 0; unit < batch.count; unit++) {
      if (!this.#ensureLoaded(unit)) {
        const { held } = this.account;
        const why = held === PROCESS_GONE ? held : because("fate_unknown", String(held));
        tally(this.account.refused, why, this.account.asked - this.#settled());
        return;
      }
      const page = batch.page[unit]!;
      const size = batch.size[unit]!;
      while (refusal < outright.length && endOf(outright[refusal]!) <= page) refusal++;
      for (let i = 0; i < size; i++) {
        const was = this.#before[base + i]!;
        if (was === 0) continue;
        const why = this.#settle(
          page + i,
          was,
          this.#framesBefore[base + i]!,
          outright[refusal],
        );
        if (why === undefined) this.account.moved++;
        else tally(this.account.refused, why, 1);
      }
      base += size;
    }
    if (this.#unwritten - unwrittenBefore > this.account.moved - movedBefore) {
      this.account.held ??= because("swap_not_writable");
    }
  }

  /** Pages that wait in vain in the swap cache. */
  get #unwritten(): number {
    return this.account.refused.get(UNWRITTEN) ?? 0;
  }

  /**
   * Finds out what became of a page that was present.
   * @param was what it was before. @param frame where it was; 0 when that cannot be known.
   * @param said the first refusal that ends behind the first page of its unit.
   * @returns why it has not left DRAM; undefined when it has.
   */
  #settle(
    page: number,
    was: number,
    frame: number,
    said: OutrightRefusal | undefined,
  ): Reason | undefined {
    const { pagemap, moved, isDryRun } = this.#order;
    const outright = said !== undefined && page >= said.page ? said.reason : undefined;
    if (isDryRun === true) {
      if (outright === undefined) moved.add(page);
      return outright;
    }
    if (pagemap.isSwapped(page)) {
      const fate = this.#fates.of(frame);
      if (fate === "unwritten") return UNWRITTEN;
      moved.add(page, fate === "swap cache" ? frame : 0);
      return undefined;
    }
    if (pagemap.isPresent(page)) return outright ?? this.#reasonFor(page);
    if ((was & WAS_FILE) === 0) {
      // A page that is still mapped was given up: its contents needed no writing (MADV_FREE).
      return this.#fates.isMapped(page) ? undefined : because("unmapped");
    }
    const fate = this.#fates.of(frame);
    if (fate === "unwritten") return UNWRITTEN;
    return fate === "page cache" ? because("in_page_cache") : undefined;
  }

  #reasonFor(page: number): Reason {
    if (this.account.held !== undefined) return this.account.held;
    return because(this.#order.pagemap.isExclusive(page) ? "kept" : "shared");
  }

  /** Pages of which it is known whether they moved. */
  #settled(): number {
    let refused = 0;
    for (const pages of this.account.refused.values()) refused += pages;
    return this.account.moved + refused;
  }
}

function nothingSoFar(): PageOutAccount {
  return {
    asked: 0,
    moved: 0,
    refused: new Map(),
    zeros: 0,
    vanished: 0,
    sparedShared: 0,
    errors: [],
    moveUs: 0,
    verifyUs: 0,
    handled: 0,
    pageMs: undefined,
  };
}

function endOf(refusal: OutrightRefusal): number {
  return refusal.page + refusal.pages;
}

/**
 * Pages cold memory out and finds out what became of it. Where it is to wait for long, it comes
 * back with `restMs`, and goes on when it is called again with the account.
 * @returns base pages; `asked` = `moved` + all `refused`. @throws {SystemCallError}
 */
export function pageOut(order: PageOutOrder): PageOutAccount {
  using run = new PageOut(order);
  run.run();
  return run.account;
}
