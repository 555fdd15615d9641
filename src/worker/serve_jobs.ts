import {
  type Answer,
  type JobFunctions,
  type JobTable,
  type Order,
  transferablesOf,
} from "./messages.ts";

declare const self: {
  addEventListener(type: "message", take: (event: { readonly data: Order }) => void): void;
  postMessage(message: Answer, transfer: ArrayBuffer[]): void;
};

/**
 * After so much work a thread collects its garbage, in ms. Left to itself the runtime lets it pile up, and none of its
 * timers collects it either (BUN_GC_TIMER_DISABLE): a thread that scans all the time took 14 MB after two minutes, and
 * takes 9 MB so.
 */
const WORK_MS = 200;

/** What a worker thread does: takes one order at a time and answers it. */
export function serveJobs<J extends JobTable>(jobs: JobFunctions<J>): void {
  let workedMs = 0;
  self.addEventListener("message", ({ data }) => {
    const beganMs = performance.now();
    try {
      const run = jobs[data.job];
      if (run === undefined) throw new Error(`Cannot do job "${data.job}": no such job`);
      const reply = run(data.request);
      self.postMessage({ reply }, transferablesOf(reply));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      self.postMessage({ error: message }, []);
    }
    workedMs += performance.now() - beganMs;
    if (workedMs < WORK_MS) return;
    workedMs = 0;
    Bun.gc(true);
  });
}
