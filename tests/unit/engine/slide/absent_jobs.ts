import type { Jobs } from "../../../../src/engine/jobs.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";
import { serveJobs } from "../../../../src/worker/serve_jobs.ts";

/** Threads that find nothing present in any process. */
if (!Bun.isMainThread) {
  serveJobs<Pick<Jobs, "slide_step">>({
    slide_step: () => ({
      state: "finished",
      windowAgeMs: 0,
      memory: {
        memoryId: "",
        tracker: { buffers: [] },
        moved: { numbers: new Float64Array(0), bits: new Uint32Array(0) },
        reads: { majorFaults: 0 },
      },
      times: { ...noPhases(), scan_us: 1 },
      cpuUs: 0,
      errors: [],
      figures: {},
      result: { figures: { present_bytes: 0 } },
    }),
  });
}
