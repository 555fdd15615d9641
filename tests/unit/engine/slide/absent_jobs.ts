import type { Jobs } from "../../../../src/engine/jobs.ts";
import { serveJobs } from "../../../../src/worker/serve_jobs.ts";
import { finishedStep } from "../round/finished_step.ts";

/** Threads that find nothing present in any process. */
if (!Bun.isMainThread) {
  serveJobs<Pick<Jobs, "slide_step">>({
    slide_step: () => finishedStep({ figures: { present_bytes: 0 } }),
  });
}
