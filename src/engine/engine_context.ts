import { log } from "../log/logger.ts";
import { WorkerPool } from "../worker/pool.ts";
import type { Jobs } from "./jobs.ts";
import { ProcessSweep } from "./round/process_sweep.ts";
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
}

const workers: Workers = new WorkerPool(WORKER_ENTRY, { onFull: (why) => log.warning(why) });

/**
 * That of the server, for all projects. Each entry of the engine table hands it to the engines that
 * it makes.
 */
export const engineContext: EngineContext = {
  workers,
  scanLock: new ScanLock(),
  sweep: new ProcessSweep((request) => workers.run("sweep_processes", request)),
};
