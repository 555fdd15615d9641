import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { LARGEST_BATCH_PAGES, pageOut, type PageOutAccount, tally } from "../../mover/page_out.ts";
import type { MoverKind, PageBatch } from "../../mover/mover.ts";
import { type MoverName, MOVERS } from "../../mover/movers.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readProcessSizes } from "../../procfs/process_memory.ts";
import { FrameSet, type FrameSetData } from "../../tracker/frame_set.ts";
import type { PageCounts, WalkCursor } from "../../tracker/page_counts.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { ProcessGains } from "../round/process_gains.ts";
import type { ScannedProcess } from "../round/run_scan_step.ts";
import { readSwapLimit } from "../round/swap_limit.ts";
import { UsedSinceScan } from "./used_since_scan.ts";

/** What to do with cold memory after the last scan of a round. */
export interface MoveOrder {
  readonly mover: MoverName;
  /** A page with fewer accesses than this is cold. */
  readonly coldThreshold: number;
  /** Go on only while MemAvailable is below this share of MemTotal. */
  readonly sysmemThresholdPercent?: number;
  /** Resident share of VmRSS + VmSwap to come down to. */
  readonly dramPercent?: number;
}

/** Base pages whose count is in [from, to), base pages and huge units alike. */
function between(histogram: Float64Array, from: number, to: number): number {
  let pages = 0;
  for (let count = from; count < to; count++) pages += histogram[count]! + histogram[128 + count]!;
  return pages;
}

/** Walks cold units in the order in which they go: by address, or coldest first within a budget. */
class ColdUnits {
  readonly #counts: PageCounts;
  readonly #used: UsedSinceScan;
  /** Ranges of counts, one after the other. */
  readonly #passes: (readonly [low: number, high: number])[];
  /** Base pages that may move in all. */
  readonly #budget: number;
  #cursor: WalkCursor = { segment: 0, index: 0 };
  /** Base pages that were passed over, since they were used meanwhile. */
  sparedUsed = 0;

  constructor(
    counts: PageCounts,
    used: UsedSinceScan,
    coldThreshold: number,
    budget: number | undefined,
  ) {
    this.#counts = counts;
    this.#used = used;
    this.#budget = budget ?? Infinity;
    this.#passes = budget === undefined
      ? [[0, coldThreshold]]
      : Array.from({ length: coldThreshold }, (_, count) => [count, count + 1] as const);
  }

  /**
   * Fills an empty batch with units of at most `pages` base pages, but at least one unit. Refused
   * pages do not count against the budget: the next ones go in their place.
   * @param moved base pages that have moved so far.
   */
  next(batch: PageBatch, pages: number, moved: number): void {
    const left = this.#budget - moved;
    for (let pass = this.#passes[0]; pass !== undefined; pass = this.#passes[0]) {
      let isSpent = false;
      const atEnd = this.#counts.walk(this.#cursor, pass[0], pass[1], (page, size) => {
        if (this.#used.has(page, size)) {
          this.sparedUsed += size;
          return true;
        }
        isSpent = batch.pages + size > left;
        if (isSpent || batch.pages + size > (batch.count === 0 ? LARGEST_BATCH_PAGES : pages)) {
          return false;
        }
        batch.page[batch.count] = page;
        batch.size[batch.count] = size;
        batch.count++;
        batch.pages += size;
        return true;
      });
      if (atEnd) {
        this.#passes.shift();
        this.#cursor = { segment: 0, index: 0 };
      } else if (isSpent && batch.count === 0) {
        this.#passes.length = 0;
      }
      // The next pass begins at lower addresses again: not in the same batch.
      if (batch.count > 0) return;
    }
  }
}

/** Pages that may go before the resident share is down to `percent`. */
function dramBudget(dirFd: number, percent: number): number {
  const sizes = readProcessSizes(dirFd);
  // Gone: the mover will say so.
  if (sizes === undefined) return Number.POSITIVE_INFINITY;
  const target = ((sizes.rssBytes + sizes.swapBytes) * percent) / 100;
  return Math.max(0, Math.ceil((sizes.rssBytes - target) / PAGE_SIZE));
}

/** Why the rest of the cold memory shall stay. */
function reasonToHold(
  { pid, tid, stopped }: ScannedProcess,
  { needsFirstThread }: MoverKind,
  { sysmemThresholdPercent: percent }: MoveOrder,
): string | undefined {
  if (stopped()) return "stopped";
  if (tid !== pid && needsFirstThread !== undefined) return needsFirstThread;
  const memory = readMemInfo();
  if (memory.swapFreeBytes < PAGE_SIZE) return "no swap space left";
  if (percent !== undefined && memory.availableBytes * 100 >= memory.totalBytes * percent) {
    return "MemAvailable is not below sysmem_threshold any more";
  }
  return undefined;
}

function moverOf(order: MoveOrder): MoverKind {
  return MOVERS.find(({ name }) => name === order.mover)!;
}

/** Why what several processes have shall stay; undefined when it need not. */
function reasonToSpareShared(
  { tracker }: ScannedProcess,
  { leavesShared }: MoverKind,
): string | undefined {
  if (leavesShared) return "shared with other processes";
  // A frame that several processes have is marked idle for each of them, so that none sees what was
  // used before another's mark.
  return tracker.name === "page_idle"
    ? "shared: page_idle cannot tell whether it is used"
    : undefined;
}

/** What came of the cold units, in base pages. */
interface UnitsAccount extends PageOutAccount {
  /** Passed over, since they were used meanwhile. */
  readonly sparedUsed: number;
  /** Why `sparedShared` were left alone, and where they are as far as that is known. */
  readonly sharedReason: string | undefined;
  readonly sharedFrames: FrameSetData;
}

/** Moves cold units until there are no more, or until there is a reason to hold. */
function moveUnits(
  process: ScannedProcess,
  order: MoveOrder,
): UnitsAccount {
  const { pid, dirFd, memoryId, pagemap, counts, moved, times, errors } = process;
  const budget = order.dramPercent === undefined ? undefined : dramBudget(dirFd, order.dramPercent);
  const used = new UsedSinceScan(process);
  const units = new ColdUnits(counts, used, order.coldThreshold, budget);
  const kind = moverOf(order);
  const space = new HeldAddressSpace(dirFd, pagemap, memoryId);
  using mover = kind.open({ pid, dirFd, space });
  const sharedReason = reasonToSpareShared(process, kind);
  const frames = new FrameSet();
  const note = (frame: number): void => {
    if (frame !== 0) frames.add(frame);
  };
  /** Pages that the control groups of the process let go now. */
  let room = Infinity;
  const account = pageOut({
    next: (batch, pages, movedPages) => units.next(batch, Math.min(pages, room), movedPages),
    hold: () => {
      const limit = readSwapLimit(dirFd);
      room = limit?.pages ?? Infinity;
      return reasonToHold(process, kind, order) ??
        (room < 1 ? limit?.reason : undefined) ?? used.refresh();
    },
    spareShared: sharedReason === undefined ? undefined : note,
    dirFd,
    mover,
    pagemap,
    moved,
  });
  times.move_us += account.moveUs;
  times.verify_us += account.verifyUs;
  errors.push(...account.errors);
  return { ...account, sparedUsed: units.sparedUsed, sharedReason, sharedFrames: frames.toData() };
}

function toBytes(pages: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...pages].map(([reason, count]) => [reason, count * PAGE_SIZE]));
}

/** What the scans of a round have found. @param cold base pages counted below `threshold`. */
function foundFigures(
  { histogram, leftAlone }: ScannedProcess,
  cold: number,
  threshold: number,
): FigureGains & { readonly present_bytes: number } {
  const present = between(histogram, 0, 127);
  let hotHuge = 0;
  for (let count = threshold; count < 127; count++) hotHuge += histogram[128 + count]!;
  return {
    present_bytes: present * PAGE_SIZE,
    hot_bytes: (present - cold) * PAGE_SIZE,
    cold_bytes: cold * PAGE_SIZE,
    hot_huge_bytes: hotHuge * PAGE_SIZE,
    left_alone: leftAlone,
  };
}

/**
 * The finisher of slide: moves what is cold and accounts for it. cold = asked + spared,
 * asked = moved + refused. @throws {SystemCallError}
 */
export function moveCold(process: ScannedProcess, order: MoveOrder): ProcessGains {
  const counted = between(process.histogram, 0, order.coldThreshold);
  const found = foundFigures(process, counted, order.coldThreshold);
  if (counted === 0) return { figures: found };

  const account = moveUnits(process, order);
  const { asked, moved, refused, vanished, sparedShared, sparedUsed, held, zeros } = account;
  const { sharedReason, sharedFrames } = account;
  const cold = counted - zeros;
  const spared = new Map<string, number>();
  tally(spared, "gone before its turn", vanished);
  if (sharedReason !== undefined) tally(spared, sharedReason, sparedShared);
  tally(spared, "used since the last scan", sparedUsed);
  tally(
    spared,
    held ?? "dram_percent reached",
    cold - asked - vanished - sparedShared - sparedUsed,
  );
  const figures: FigureGains = {
    ...found,
    present_bytes: found.present_bytes - zeros * PAGE_SIZE,
    cold_bytes: cold * PAGE_SIZE,
    asked_bytes: asked * PAGE_SIZE,
    moved_bytes: moved * PAGE_SIZE,
    refused: toBytes(refused),
    spared: toBytes(spared),
  };
  return {
    figures,
    ...(sharedReason === undefined || sparedShared === 0
      ? {}
      : { shared: { reason: sharedReason, frames: sharedFrames } }),
  };
}
