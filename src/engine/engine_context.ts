import { log } from "../log/logger.ts";
import { messageOf } from "../text/message_of.ts";
import { areUntried, noteTry } from "../page_table/why_no_page_tables.ts";
import { MoveRate } from "../mover/move_rate.ts";
import { WorkerPool } from "../worker/pool.ts";
import type { Jobs } from "./jobs.ts";
import { ProcessSweep } from "./round/process_sweep.ts";
import { MovedTally } from "../mover/store_cost.ts";
import { ScanLock } from "./round/scan_lock.ts";

/** In a compiled program the entry points keep their paths below its virtual root. */
const WORKER_ENTRY = import.meta.url.includes("$bunfs")
  ? "./src/engine/worker_main.ts"
  : new URL("./worker_main.ts", import.meta.url).href;

/** The engines' threads. */
export type Workers = WorkerPool<Jobs>;

/** What all engines of a server share. */
export interface EngineContext {
  readonly workers: Workers;
  /** Which task scans which process. */
  readonly scanLock: ScanLock;
  /** Where tasks look for their processes. */
  readonly sweep: ProcessSweep;
  /** What its threads move to swap. */
  readonly movedTally: MovedTally;
  /** What all tasks of slide may move in a second; undefined: there is no limit. */
  readonly moveRate?: MoveRate | undefined;
}

const workers: Workers = new WorkerPool(WORKER_ENTRY, { onFull: (why) => log.warning(why) });

/**
 * Has a thread find out which trackers there are, as far as that takes long. To be called before
 * one is chosen. If no thread is free for that, the calling thread finds it out itself then.
 */
export async function tryTrackers(): Promise<void> {
  if (!areUntried() || workers.whyFull !== undefined) return;
  try {
    noteTry(await workers.run("try_page_tables", {}));
  } catch (error) {
    log.warning(`cannot try the tracker page_table in a thread: ${messageOf(error)}`);
  }
}

let moveRate: MoveRate | undefined;

/**
 * That of the server, for all projects. Each entry of the engine table hands it to the engines that
 * it makes.
 */
export const engineContext: EngineContext = {
  workers,
  scanLock: new ScanLock(),
  sweep: new ProcessSweep((request) => workers.run("sweep_processes", request)),
  movedTally: new MovedTally(),
  get moveRate() {
    return moveRate;
  },
};

/** Limits what all tasks of slide move together; only the first call counts. */
export function limitMoves(bytesPerSecond: number): void {
  moveRate ??= new MoveRate(bytesPerSecond);
}
