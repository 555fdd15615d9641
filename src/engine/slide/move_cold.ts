import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { dryMover } from "../../mover/dry_mover.ts";
import { pageOut, type PageOutAccount, tally } from "../../mover/page_out.ts";
import type { MovedSet } from "../../mover/moved_set.ts";
import type { MoverKind } from "../../mover/mover.ts";
import { type MoverName, MOVERS } from "../../mover/movers.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readProcessSizes } from "../../procfs/process_memory.ts";
import { FrameSet, type FrameSetData } from "../../tracker/frame_set.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { ProcessGains } from "../round/process_gains.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import { MoveWorth } from "./move_worth.ts";
import { whyNoSwapSpace } from "../round/swap_space.ts";
import { ColdUnits } from "./cold_units.ts";
import { GroupRoom } from "./group_room.ts";
import { type GuardedMove, guardMove } from "./guard_move.ts";
import { UsedSinceScan } from "./used_since_scan.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** What to do with cold memory after the last scan of a round. */
export interface MoveOrder {
  /** Absent in a dry run where this kernel has none. */
  readonly mover?: MoverName;
  /** Account as if it moved, and move nothing. */
  readonly isDryRun?: boolean;
  /** A page with fewer accesses than this is cold. */
  readonly coldThreshold: number;
  /** Go on only while MemAvailable is below this share of MemTotal. */
  readonly sysmemThresholdPercent?: number;
  /** Resident share of VmRSS + VmSwap to come down to. */
  readonly dramPercent?: number;
  /** The most that a process shall wait for what was moved, in percent of its time. */
  readonly stallLimitPercent?: number;
  /** The words of the server's MovedTally; absent where no other thread moves. */
  readonly movedByAll?: Int32Array;
  /**
   * What the control groups of the processes protect stays, memory.low and memory.min. The word is
   * shared: base pages that threads of the task are about to move.
   */
  readonly underway?: Int32Array;
}

/** Base pages whose count is in [from, to), base pages and huge units alike. */
function between(histogram: Float64Array, from: number, to: number): number {
  let pages = 0;
  for (let count = from; count < to; count++) pages += histogram[count]! + histogram[128 + count]!;
  return pages;
}

/**
 * Pages that may go before the resident share is down to `percent`.
 * @param outBytes of what is resident, what counts as moved.
 */
function dramBudget(dirFd: number, percent: number, outBytes: number): number {
  const sizes = readProcessSizes(dirFd);
  // Gone: the mover will say so.
  if (sizes === undefined) return Number.POSITIVE_INFINITY;
  const target = ((sizes.rssBytes + sizes.swapBytes) * percent) / 100;
  return Math.max(0, Math.ceil((sizes.rssBytes - outBytes - target) / PAGE_SIZE));
}

/** What of a process is present and counts as moved, in bytes: only a dry run has such memory. */
function dryBytes({ moved }: ScannedProcess, { isDryRun }: MoveOrder): number {
  return isDryRun === true ? moved.pages * PAGE_SIZE : 0;
}

/** Why the rest of the cold memory shall stay. A dry run needs no swap space. */
function reasonToHold(
  process: ScannedProcess,
  { needsFirstThread }: MoverKind,
  order: MoveOrder,
): Reason | undefined {
  const { pid, tid, stopped } = process;
  const { sysmemThresholdPercent: percent, isDryRun = false } = order;
  if (stopped()) return because("stopped");
  if (tid !== pid && needsFirstThread !== undefined) return needsFirstThread;
  const memory = readMemInfo();
  const full = isDryRun ? undefined : whyNoSwapSpace(memory);
  if (full !== undefined) return full;
  if (percent === undefined) return undefined;
  const availableBytes = memory.availableBytes + dryBytes(process, order);
  if (availableBytes * 100 >= memory.totalBytes * percent) {
    return because("memory_suffices_again");
  }
  return undefined;
}

function moverOf({ mover, isDryRun }: MoveOrder): MoverKind {
  const kind = MOVERS.find(({ name }) => name === mover);
  return isDryRun === true ? dryMover(kind) : kind!;
}

/** Why what several processes have shall stay; undefined when it need not. */
function reasonToSpareShared(
  { tracker }: ScannedProcess,
  { leavesShared }: MoverKind,
): Reason | undefined {
  if (leavesShared) return because("shared_with_others");
  // A frame that several processes have is marked idle for each of them, so that none sees what was
  // used before another's mark.
  return tracker.name === "page_idle" ? because("shared_unseen") : undefined;
}

/** What came of the cold units, in base pages. */
interface UnitsAccount extends PageOutAccount {
  /** Passed over, since they were used meanwhile. */
  readonly sparedUsed: number;
  /** Why `sparedShared` were left alone, and where they are as far as that is known. */
  readonly sharedReason: Reason | undefined;
  readonly sharedFrames: FrameSetData;
  /** Cold, and left alone since they were used too lately. */
  readonly tooYoung: number;
  /** DRAM that the compressed copies of what moved cost, in bytes. */
  readonly costBytes: number;
}

/** The cold units of a process that are old enough to go. */
function coldUnitsOf(
  process: ScannedProcess,
  order: MoveOrder,
  used: UsedSinceScan,
  ageScans: number,
): ColdUnits {
  const { dirFd, counts, history: { ages } } = process;
  const { coldThreshold, dramPercent } = order;
  const budget = dramPercent === undefined
    ? undefined
    : dramBudget(dirFd, dramPercent, dryBytes(process, order));
  return new ColdUnits({ counts, ages, used, coldThreshold, ageScans, budget });
}

/** Takes note of what moved. */
function notes(
  { moved, history: { ages } }: ScannedProcess,
  worth: MoveWorth,
): Pick<MovedSet, "add"> {
  return {
    add: (page, frame) => {
      moved.add(page, frame);
      ages.markMoved(page);
      worth.addPage();
    },
  };
}

/** What notes frames in a set, as far as they are known. */
function addingTo(frames: FrameSet): (frame: number) => void {
  return (frame) => {
    if (frame !== 0) frames.add(frame);
  };
}

/** Moves cold units until there are no more, or until there is a reason to hold. */
function moveUnits(
  process: ScannedProcess,
  order: MoveOrder,
  { ageScans, held: heldByGuard }: GuardedMove,
): UnitsAccount {
  const { pid, dirFd, memoryId, pagemap, errors, history } = process;
  const worth = new MoveWorth(history.payoff, order, errors);
  const used = new UsedSinceScan(process);
  const units = coldUnitsOf(process, order, used, ageScans);
  const kind = moverOf(order);
  using mover = kind.open({ pid, dirFd, space: new HeldAddressSpace(dirFd, pagemap, memoryId) });
  const sharedReason = reasonToSpareShared(process, kind);
  const frames = new FrameSet();
  using room = new GroupRoom(dirFd, order);
  const account = pageOut({
    next: (batch, pages, movedPages) =>
      room.fill(batch, pages, (most) => units.next(batch, most, movedPages)),
    hold: () =>
      heldByGuard ?? reasonToHold(process, kind, order) ?? room.refresh() ?? worth.refresh() ??
        used.refresh(),
    rest: order.isDryRun === true ? () => undefined : process.rest,
    spareShared: sharedReason === undefined ? undefined : addingTo(frames),
    dirFd,
    mover,
    isDryRun: order.isDryRun,
    pagemap,
    moved: notes(process, worth),
  });
  noteCosts(process, account);
  if (room.whyNone !== undefined) account.held ??= room.whyNone;
  return {
    ...account,
    sparedUsed: units.sparedUsed,
    sharedReason,
    sharedFrames: frames.toData(),
    tooYoung: heldByGuard === undefined ? units.tooYoung() : 0,
    costBytes: worth.end(account.refused),
  };
}

/** Takes note of the time that moves took, and of what failed in them. */
function noteCosts(
  { times, errors }: ScannedProcess,
  { moveUs, verifyUs, errors: failed }: PageOutAccount,
): void {
  times.move_us += moveUs;
  times.verify_us += verifyUs;
  errors.push(...failed);
}

function toBytes(pages: ReadonlyMap<Reason, number>): Map<Reason, number> {
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

/** DRAM that moves made free. What cannot be compressed takes a little more than it did. */
function freedBytes({ moved, costBytes }: UnitsAccount, { isDryRun }: MoveOrder): number {
  return isDryRun === true ? 0 : Math.max(0, Math.round(moved * PAGE_SIZE - costBytes));
}

/**
 * The finisher of slide: moves what is cold and accounts for it. cold = asked + spared,
 * asked = moved + refused. @throws {SystemCallError}
 */
export function moveCold(process: ScannedProcess, order: MoveOrder): ProcessGains {
  const counted = between(process.histogram, 0, order.coldThreshold);
  const found = foundFigures(process, counted, order.coldThreshold);
  const guarded = guardMove(process, order.stallLimitPercent, order.isDryRun);
  if (counted === 0) return { figures: found, guard: guarded.status };

  const account = moveUnits(process, order, guarded);
  const { asked, moved, refused, vanished, sparedShared, sparedUsed, held, zeros } = account;
  const { sharedReason, sharedFrames, tooYoung } = account;
  const cold = counted - zeros;
  const spared = new Map<Reason, number>();
  tally(spared, because("gone_before_turn"), vanished);
  if (sharedReason !== undefined) tally(spared, sharedReason, sparedShared);
  tally(spared, because("used_since_scan"), sparedUsed);
  tally(spared, because("too_young"), tooYoung);
  tally(
    spared,
    held ?? because("dram_percent_reached"),
    cold - asked - vanished - sparedShared - sparedUsed - tooYoung,
  );
  const figures: FigureGains = {
    ...found,
    present_bytes: found.present_bytes - zeros * PAGE_SIZE,
    cold_bytes: cold * PAGE_SIZE,
    asked_bytes: asked * PAGE_SIZE,
    moved_bytes: moved * PAGE_SIZE,
    freed_bytes: freedBytes(account, order),
    refused: toBytes(refused),
    spared: toBytes(spared),
  };
  return {
    figures,
    guard: guarded.status,
    ...(sharedReason === undefined || sparedShared === 0
      ? {}
      : { shared: { reason: sharedReason, frames: sharedFrames } }),
  };
}
