import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { tally } from "../../mover/page_out.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { ProcessGains } from "../round/process_gains.ts";
import type { Rest, ScannedProcess } from "../round/scanned_process.ts";
import { type GuardedMove, guardMove } from "./guard_move.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { MoveOrder } from "./move_order.ts";
import { moveUnits, type RestingUnits, type UnitsAccount } from "./move_units.ts";

/** Base pages whose count is in [from, to), base pages and huge units alike. */
function between(histogram: Float64Array, from: number, to: number): number {
  let pages = 0;
  for (let count = from; count < to; count++) pages += histogram[count]! + histogram[128 + count]!;
  return pages;
}

function toBytes(pages: ReadonlyMap<Reason, number>): Map<Reason, number> {
  return new Map([...pages].map(([reason, count]) => [reason, count * PAGE_SIZE]));
}

/** What the scans of a round have found, in base pages. */
interface Found {
  /** Counted below the threshold. */
  readonly cold: number;
  readonly present: number;
  readonly hotHuge: number;
  readonly isUsed: boolean;
  /** Bytes by reason. */
  readonly leftAlone: ReadonlyMap<Reason, number>;
}

/** A move that rests. */
interface RestingMove {
  readonly found: Found;
  readonly guarded: GuardedMove;
  readonly units: RestingUnits;
}

function foundOf({ histogram, leftAlone }: ScannedProcess, threshold: number): Found {
  let hotHuge = 0;
  for (let count = threshold; count < 127; count++) hotHuge += histogram[128 + count]!;
  return {
    cold: between(histogram, 0, threshold),
    present: between(histogram, 0, 127),
    hotHuge,
    isUsed: between(histogram, 1, 127) > 0,
    leftAlone,
  };
}

/** @param zeros base pages that are no memory. */
function foundFigures({ cold, present, hotHuge, leftAlone }: Found, zeros: number): FigureGains {
  return {
    present_bytes: (present - zeros) * PAGE_SIZE,
    hot_bytes: (present - cold) * PAGE_SIZE,
    cold_bytes: (cold - zeros) * PAGE_SIZE,
    hot_huge_bytes: hotHuge * PAGE_SIZE,
    left_alone: leftAlone,
  };
}

/** DRAM that moves made free. What cannot be compressed takes a little more than it did. */
function freedBytes({ moved, costBytes }: UnitsAccount, { isDryRun }: MoveOrder): number {
  return isDryRun === true ? 0 : Math.max(0, Math.round(moved * PAGE_SIZE - costBytes));
}

/** Whether what is still present would stay in the next round as well, unless it is used. */
function isAtRest(
  { isUsed }: Found,
  { asked, vanished, sparedUsed, tooYoung, held }: UnitsAccount,
): boolean {
  return !isUsed && held === undefined && asked + vanished + sparedUsed + tooYoung === 0;
}

/** cold = asked + spared, asked = moved + refused. */
function gainsOf(
  found: Found,
  { status }: GuardedMove,
  account: UnitsAccount,
  order: MoveOrder,
): ProcessGains {
  const { asked, moved, refused, vanished, sparedShared, sparedUsed, held, zeros } = account;
  const { sharedReason, sharedFrames, tooYoung } = account;
  const left = found.cold - zeros - asked - vanished - sparedShared - sparedUsed - tooYoung;
  const spared = new Map<Reason, number>();
  tally(spared, because("gone_before_turn"), vanished);
  if (sharedReason !== undefined) tally(spared, sharedReason, sparedShared);
  tally(spared, because("used_since_scan"), sparedUsed);
  tally(spared, because("too_young"), tooYoung);
  tally(spared, held ?? because("dram_percent_reached"), left);
  return {
    figures: {
      ...foundFigures(found, zeros),
      asked_bytes: asked * PAGE_SIZE,
      moved_bytes: moved * PAGE_SIZE,
      freed_bytes: freedBytes(account, order),
      refused: toBytes(refused),
      spared: toBytes(spared),
    },
    guard: status,
    isSettled: isAtRest(found, account),
    ...(sharedReason === undefined || sparedShared === 0
      ? {}
      : { shared: { reason: sharedReason, frames: sharedFrames } }),
  };
}

/**
 * The finisher of slide: moves what is cold and accounts for it. It rests between portions.
 * @throws {SystemCallError}
 */
export function moveCold(
  process: ScannedProcess,
  order: MoveOrder,
  state?: object,
): ProcessGains | Rest<ProcessGains> {
  const rested = state as RestingMove | undefined;
  const found = rested?.found ?? foundOf(process, order.coldThreshold);
  // A process that uses nothing does not wait, and what is read of it has to be moved again.
  const mayRead = found.isUsed && order.isDryRun !== true;
  const guarded = rested?.guarded ?? guardMove(process, process.stallLimitPercent, mayRead);
  if (found.cold === 0) {
    const isSettled = !found.isUsed;
    const figures = foundFigures(found, 0);
    return { figures, guard: guarded.status, isSettled, outlook: process.history.outlook() };
  }

  const units = { order, guarded, cold: found.cold };
  const { account, rest } = moveUnits(process, units, rested?.units);
  if (rest === undefined) {
    const gains = gainsOf(found, guarded, account, order);
    return { ...gains, outlook: process.history.outlook() };
  }
  return {
    restMs: account.restMs ?? 0,
    state: { found, guarded, units: rest } satisfies RestingMove,
    ends: {
      stopped: gainsOf(found, guarded, { ...account, held: because("stopped") }, order),
      gone: gainsOf(found, guarded, { ...account, held: because("process_gone") }, order),
    },
  };
}
