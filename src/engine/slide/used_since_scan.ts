import { MovedSet } from "../../mover/moved_set.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import type { ScannedProcess } from "../round/run_scan_step.ts";

/** The least pause between two looks: so many times the duration of a look, and so long. */
const REST_FACTOR = 10;
const REST_MS = 200;

/**
 * Which pages were used since the last scan. A page that was mapped or written anew has the address
 * of one that was scanned, but is not that page. Without a page fault no page is new; after one the
 * tracker scans again, and finds that each new page was used.
 */
export class UsedSinceScan {
  readonly #process: Pick<ScannedProcess, "dirFd" | "faults" | "lookAgain">;
  readonly #used = new MovedSet();
  #faults: number;
  #restsUntilMs = 0;

  constructor(process: Pick<ScannedProcess, "dirFd" | "faults" | "lookAgain">) {
    this.#process = process;
    this.#faults = process.faults;
  }

  /**
   * Called before each batch.
   * @returns why nothing more can be moved. @throws {SystemCallError | ProcfsError}
   */
  refresh(): string | undefined {
    const faults = readProcessStat(this.#process.dirFd)?.faults;
    if (faults === undefined || faults === this.#faults) return undefined;
    const begin = performance.now();
    if (begin < this.#restsUntilMs) return undefined;
    const counts = this.#process.lookAgain();
    if (typeof counts === "string") return counts;
    counts.walk({ segment: 0, index: 0 }, 1, 127, (page, pages) => {
      for (let i = page; i < page + pages; i++) this.#used.add(i);
      return true;
    });
    this.#faults = faults;
    const end = performance.now();
    this.#restsUntilMs = end + Math.max(REST_MS, REST_FACTOR * (end - begin));
    return undefined;
  }

  /** Whether a page of a unit was used. */
  has(page: number, pages: number): boolean {
    if (this.#used.isEmpty) return false;
    for (let i = page; i < page + pages; i++) if (this.#used.has(i)) return true;
    return false;
  }
}
