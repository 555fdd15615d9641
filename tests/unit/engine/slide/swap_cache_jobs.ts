import { appendFileSync } from "node:fs";
import { getEnvironmentData } from "node:worker_threads";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import { serveJobs } from "../../../../src/worker/serve_jobs.ts";

/** Environment data of the threads. */
export const INSTRUCTIONS = "instructions";

/** Where the requests are noted, a JSON line each, and what the kernel is said to refuse. */
export interface Instructions {
  readonly requests: string;
  readonly refusal?: string;
}

if (!Bun.isMainThread) {
  serveJobs<Pick<Jobs, "trim_swap_cache">>({
    trim_swap_cache: (request) => {
      const { requests, refusal } = JSON.parse(
        getEnvironmentData(INSTRUCTIONS) as string,
      ) as Instructions;
      appendFileSync(requests, `${JSON.stringify(request)}\n`);
      if (refusal === "throw") throw new Error("no such file");
      return refusal === undefined ? { us: 7 } : { refused: refusal, us: 7 };
    },
  });
}
