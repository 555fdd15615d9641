import type { FinishedStep, ScanStepReply } from "../../../../src/engine/round/scan_step.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";

/** What a thread says when the scans of a process are over, and nothing is to be said of it. */
export function finishedStep<Result>(
  result: Result,
  more: Partial<ScanStepReply<Result> & FinishedStep<Result>> = {},
): Extract<ScanStepReply<Result>, { state: "finished" }> {
  return {
    state: "finished",
    windowAgeMs: 0,
    result,
    // Each has arrays of its own, which are handed to another thread.
    memory: {
      memoryId: "",
      tracker: { buffers: [] },
      moved: { numbers: new Float64Array(0), bits: new Uint32Array(0) },
    },
    times: noPhases(),
    cpuUs: 0,
    errors: [],
    figures: {},
    ...more,
  };
}
