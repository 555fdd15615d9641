import { SystemCallError } from "../../../ffi/errno.ts";
import { monotonicMs } from "../../../ffi/libc.ts";
import { readGroupPressureMs } from "../../procfs/process_pressure.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import type { ProcessGuardStatus } from "../../status/guard_status.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** With less of the machine's memory available than this, in percent, the guard steps aside. */
const SCARCE_PERCENT = 5;
const PAUSED = because("stall_limit_exceeded");

/** What the guard lets go of a process. */
export interface GuardedMove {
  /** Scans for which a page has to have been idle. */
  readonly ageScans: number;
  /** Why nothing goes now. */
  readonly held?: Reason;
  /** Absent without a guard. */
  readonly status?: ProcessGuardStatus;
}

/** Measures how long a swap-in takes, now and then, by a page that the task has moved itself. */
function measureSwapIn(process: ScannedProcess): void {
  const { pid, dirFd, memoryId, history, pagemap, moved, forOthers } = process;
  const space = new HeldAddressSpace(dirFd, pagemap, memoryId);
  history.swapIn.measure(
    pid,
    history.ages,
    (page) =>
      moved.has(page) && space.isThere(page) && pagemap.load(page, page + 1) === 1 &&
      pagemap.isSwapped(page),
    (page) => {
      moved.takeOut(page, 1);
      forOthers.read.add(page);
    },
  );
}

/**
 * Asks the guard of a process, at the end of the scans of a round.
 * @param limitPercent undefined: it has none. @param mayRead a page of it from swap, for the
 * time that this takes.
 * @throws {ProcfsError | SystemCallError}
 */
export function guardMove(
  process: ScannedProcess,
  limitPercent: number | undefined,
  mayRead = true,
): GuardedMove {
  const { ages, guard, swapIn, pressure } = process.history;
  if (limitPercent === undefined) return { ageScans: 0 };
  if (mayRead) measureSwapIn(process);
  const swapInSeconds = swapIn.seconds;
  const risePercent = pressure.rise(
    readGroupPressureMs(process.dirFd),
    monotonicMs(),
    guard.measured(swapInSeconds) > 0,
  );
  const verdict = guard.judge(ages.population(), swapInSeconds, limitPercent, risePercent);
  const { ageScans, measuredPercent: harmPercent, isPaused } = verdict;
  const isAside = isScarce();
  const state = isAside ? "aside" : isPaused ? "pauses" : "guards";
  const status: ProcessGuardStatus = { limitPercent, harmPercent, ageScans, swapInSeconds, state };
  if (isAside) return { ageScans: 0, status };
  return { ageScans, status, ...(isPaused ? { held: PAUSED } : {}) };
}

/** Whether the machine has hardly any memory left. */
function isScarce(): boolean {
  try {
    const { availableBytes, totalBytes } = readMemInfo();
    return availableBytes * 100 < totalBytes * SCARCE_PERCENT;
  } catch (error) {
    // Nothing moves while that cannot be read: the move looks for it too, and says so.
    if (error instanceof SystemCallError) return false;
    throw error;
  }
}
