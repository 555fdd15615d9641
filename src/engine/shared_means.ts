import { WorkerPool } from "../worker/pool.ts";
import type { Jobs } from "./jobs.ts";
import { ScanLock } from "./round/scan_lock.ts";

/** In a compiled program the entry points keep their paths below its virtual root. */
const WORKER_ENTRY = import.meta.url.includes("$bunfs")
  ? "./src/engine/worker_main.ts"
  : new URL("./worker_main.ts", import.meta.url).href;

/** The engines' threads. */
export type Workers = WorkerPool<Jobs>;

/** The server's threads, for all projects. */
export const workers: Workers = new WorkerPool(WORKER_ENTRY);

/** Who is at which process, over all projects. */
export const scanLock: ScanLock = new ScanLock();
