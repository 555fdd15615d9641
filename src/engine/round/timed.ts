import type { PhaseTimes } from "../../status/round_phases.ts";

/** Does work and adds the time that it takes to a phase. */
export function timed<T>(times: PhaseTimes, phase: keyof PhaseTimes, work: () => T): T {
  const begin = performance.now();
  try {
    return work();
  } finally {
    times[phase] += (performance.now() - begin) * 1000;
  }
}
