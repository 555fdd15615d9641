import { monotonicMs, threadCpuUs } from "../../../ffi/libc.ts";
import { MovedSet, type MovedSetData } from "../../mover/moved_set.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import { addUsed } from "../round/seen_pages.ts";
import type { Reason } from "../../reason/reasons.ts";

/** What was seen idle so long ago is looked at again before it moves. */
const EVIDENCE_MS = 950;

/**
 * After page faults a look begins no sooner than so many times the CPU time of the one before, and
 * after a pause.
 */
const REST_FACTOR = 10;
const REST_MS = 200;

/** A UsedSinceScan as plain data, to be handed to another thread. */
export interface UsedSinceScanData {
  readonly used: MovedSetData;
  readonly faults: number;
  readonly restsUntilMs: number;
  readonly seenMs: number;
}

type WatchedProcess = Pick<ScannedProcess, "dirFd" | "faults" | "scannedMs" | "lookAgain">;

/**
 * Which pages were used since the last scan. A page that was mapped or written anew has the address
 * of one that was scanned, but is not that page. Without a page fault no page is new; after one the
 * tracker scans again, and finds that each new page was used. It scans again as well when the last
 * look is old: pages that were idle then may be used by now.
 */
export class UsedSinceScan {
  readonly #process: WatchedProcess;
  readonly #used: MovedSet;
  #faults: number;
  /** Times by monotonicMs(). */
  #restsUntilMs: number;
  /** When the last look or scan ended. */
  #seenMs: number;

  /** @param data what was known before; without it, nothing since the scan. */
  constructor(process: WatchedProcess, data?: UsedSinceScanData) {
    this.#process = process;
    this.#used = data === undefined ? new MovedSet() : MovedSet.fromData(data.used);
    this.#faults = data?.faults ?? process.faults;
    this.#restsUntilMs = data?.restsUntilMs ?? 0;
    this.#seenMs = data?.seenMs ?? process.scannedMs;
  }

  toData(): UsedSinceScanData {
    return {
      used: this.#used.toData(),
      faults: this.#faults,
      restsUntilMs: this.#restsUntilMs,
      seenMs: this.#seenMs,
    };
  }

  /**
   * Called before each batch.
   * @returns why nothing more can be moved. @throws {SystemCallError | ProcfsError}
   */
  refresh(): Reason | undefined {
    const begin = monotonicMs();
    const isOld = begin - this.#seenMs >= EVIDENCE_MS;
    if (!isOld && begin < this.#restsUntilMs) return undefined;
    const faults = readProcessStat(this.#process.dirFd)?.faults;
    if (faults === undefined) return undefined;
    if (!isOld && faults === this.#faults) return undefined;
    const cpuBeforeUs = threadCpuUs();
    const counts = this.#process.lookAgain();
    if (typeof counts === "string") return counts;
    addUsed(this.#used, counts);
    this.#faults = faults;
    const end = monotonicMs();
    this.#seenMs = end;
    const cpuMs = (threadCpuUs() - cpuBeforeUs) / 1000;
    this.#restsUntilMs = Math.max(end + REST_MS, begin + REST_FACTOR * cpuMs);
    return undefined;
  }

  /** Whether a page of a unit was used. */
  has(page: number, pages: number): boolean {
    if (this.#used.isEmpty) return false;
    for (let i = page; i < page + pages; i++) if (this.#used.has(i)) return true;
    return false;
  }
}
