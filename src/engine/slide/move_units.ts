import { MovePlan, type MovePlanData } from "../../mover/move_plan.ts";
import { MoveRates } from "../../mover/move_rate.ts";
import { pageOut, type PageOutAccount } from "../../mover/page_out.ts";
import type { MovedSet } from "../../mover/moved_set.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { FrameSet, type FrameSetData } from "../../tracker/frame_set.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import { whyNoSwapSpace } from "../round/swap_space.ts";
import { ColdUnits, type ColdUnitsData } from "./cold_units.ts";
import {
  dramBudget,
  dryBytes,
  type MoveOrder,
  moverOf,
  reasonToHold,
  reasonToSpareShared,
} from "./move_order.ts";
import { MoveWorth, type MoveWorthData } from "./move_worth.ts";
import { GroupRoom } from "./group_room.ts";
import type { GuardedMove } from "./guard_move.ts";
import { UsedSinceScan, type UsedSinceScanData } from "./used_since_scan.ts";

const NOT_WRITABLE = because("swap_not_writable");

/** Writes fail also because swap space has become full since it was looked at. */
function whyHeld(reason: Reason | undefined): Reason | undefined {
  return reason === NOT_WRITABLE ? whyNoSwapSpace(readMemInfo()) ?? reason : reason;
}

/** What came of the cold units, in base pages. */
export interface UnitsAccount extends PageOutAccount {
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

/** Cold units of which some have moved, as plain data. */
export interface RestingUnits {
  readonly account: UnitsAccount;
  readonly budget: number | undefined;
  readonly units: ColdUnitsData;
  readonly used: UsedSinceScanData;
  readonly plan: MovePlanData;
  readonly worth: MoveWorthData;
}

/** What is to move, and who says so. */
export interface UnitsOrder {
  readonly order: MoveOrder;
  readonly guarded: GuardedMove;
  /** Cold base pages. */
  readonly cold: number;
}

/** Takes note of what moved. */
function notes(
  { moved, forOthers, history: { ages } }: ScannedProcess,
  worth: MoveWorth,
): Pick<MovedSet, "add"> {
  return {
    add: (page, frame) => {
      moved.add(page, frame);
      forOthers.moved.add(page);
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

/** Takes note of the time that moves took, and of what failed in them. */
function noteCosts(
  { times, errors }: ScannedProcess,
  { moveUs, verifyUs, errors: failed }: PageOutAccount,
): void {
  times.move_us += moveUs;
  times.verify_us += verifyUs;
  errors.push(...failed);
}

/** Moves cold units until there are no more, or until there is a reason to hold. */
class UnitsMove {
  readonly #process: ScannedProcess;
  readonly #order: UnitsOrder;
  readonly #budget: number | undefined;
  readonly #used: UsedSinceScan;
  readonly #units: ColdUnits;
  readonly #tooYoung: number;
  readonly #plan: MovePlan;
  readonly #frames: FrameSet;
  readonly #worth: MoveWorth;

  /** @param rested what it goes on with. */
  constructor(process: ScannedProcess, order: UnitsOrder, rested: RestingUnits | undefined) {
    const { dirFd, counts, history: { ages } } = process;
    const { coldThreshold, dramPercent, spreadMs = 0 } = order.order;
    const { ageScans, held } = order.guarded;
    const freshBudget = dramPercent === undefined
      ? undefined
      : dramBudget(dirFd, dramPercent, dryBytes(process, order.order));
    const budget = rested === undefined ? freshBudget : rested.budget;
    const used = new UsedSinceScan(process, rested?.used);
    const units = new ColdUnits(
      { counts, ages, used, coldThreshold, ageScans, budget },
      rested?.units,
    );
    const { errors, history: { payoff } } = process;
    this.#worth = new MoveWorth(payoff, order.order, errors, rested?.worth);
    this.#process = process;
    this.#order = order;
    this.#budget = budget;
    this.#used = used;
    this.#units = units;
    this.#tooYoung = rested?.account.tooYoung ??
      (held === undefined ? units.tooYoung(order.cold) : 0);
    this.#frames = rested === undefined
      ? new FrameSet()
      : FrameSet.fromData(rested.account.sharedFrames);
    const pages = Math.min(order.cold - this.#tooYoung, budget ?? Number.POSITIVE_INFINITY);
    this.#plan = rested === undefined
      ? MovePlan.make(process.scannedMs, spreadMs, pages, process.scanCpuMs)
      : new MovePlan(rested.plan);
  }

  run(soFar: PageOutAccount | undefined): UnitsAccount {
    const process = this.#process;
    const { pid, dirFd, memoryId, pagemap } = process;
    const { order, guarded } = this.#order;
    const kind = moverOf(order);
    using mover = kind.open({ pid, dirFd, space: new HeldAddressSpace(dirFd, pagemap, memoryId) });
    const sharedReason = reasonToSpareShared(process, kind);
    const worth = this.#worth;
    using room = new GroupRoom(dirFd, order);
    const isDryRun = order.isDryRun === true;
    const account = pageOut({
      next: (batch, pages, movedPages) =>
        room.fill(batch, pages, (most) => this.#units.next(batch, most, movedPages)),
      dropUsed: (batch) => this.#units.dropUsed(batch),
      hold: () =>
        guarded.held ?? reasonToHold(process, kind, order) ?? room.refresh() ?? worth.refresh() ??
          this.#used.refresh(),
      rest: isDryRun ? () => undefined : process.rest,
      spareShared: sharedReason === undefined ? undefined : addingTo(this.#frames),
      dirFd,
      mover,
      isDryRun,
      pagemap,
      moved: notes(process, worth),
      plan: this.#plan,
      rates: new MoveRates(order.rates ?? []),
      soFar,
    });
    noteCosts(process, account);
    const held = whyHeld(account.held ?? room.whyNone);
    if (held !== undefined) account.held = held;
    return {
      ...account,
      sparedUsed: this.#units.sparedUsed,
      sharedReason,
      sharedFrames: this.#frames.toData(),
      tooYoung: this.#tooYoung,
      costBytes: account.restMs === undefined ? worth.end(account.refused) : worth.costBytes(),
    };
  }

  rest(account: UnitsAccount): RestingUnits {
    return {
      account,
      budget: this.#budget,
      units: this.#units.toData(),
      used: this.#used.toData(),
      plan: this.#plan.toData(),
      worth: this.#worth.toData(),
    };
  }
}

/**
 * Moves cold units until there are no more, or until there is a reason to hold.
 * @param rested what it goes on with. @returns `rest` where it is to go on later.
 * @throws {SystemCallError | ProcfsError}
 */
export function moveUnits(
  process: ScannedProcess,
  order: UnitsOrder,
  rested?: RestingUnits,
): { readonly account: UnitsAccount; readonly rest?: RestingUnits } {
  const move = new UnitsMove(process, order, rested);
  const account = move.run(rested?.account);
  return account.restMs === undefined ? { account } : { account, rest: move.rest(account) };
}
