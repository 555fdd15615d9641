import type { Jobs } from "../../../../src/engine/jobs.ts";
import { serveJobs } from "../../../../src/worker/serve_jobs.ts";

/** Threads that find nothing present in any process. */
if (!Bun.isMainThread) {
  serveJobs<Pick<Jobs, "scan_step">>({
    scan_step: () => ({
      state: "done",
      moves: {
        present: 0,
        hot: 0,
        cold: 0,
        hotHuge: 0,
        asked: 0,
        moved: 0,
        refused: new Map(),
        spared: new Map(),
      },
      memory: {
        memoryId: "",
        tracker: { buffers: [] },
        moved: { numbers: new Float64Array(0), bits: new Uint32Array(0) },
      },
      times: { vmas: 0, scan: 1, classify: 0, move: 0, verify: 0, cpu: 0 },
      errors: [],
      scanned: 0,
      cameBack: 0,
    }),
  });
}
