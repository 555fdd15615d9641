/** What the guard of one process saw in a round. */
export interface ProcessGuardStatus {
  /** stall_limit: the most that the process shall wait for what was moved, in percent of time. */
  readonly limitPercent: number;
  /** How long it waited in the last round, in percent. */
  readonly harmPercent: number;
  /** Scans for which a page has to be idle before it goes; Infinity: none is old enough. */
  readonly ageScans: number;
  /** Mean time of a swap-in. */
  readonly swapInSeconds: number;
  /**
   * "guards"; "pauses": nothing moves, the process waits for longer than it should already;
   * "aside": it lets everything go, since the machine has hardly any memory left.
   */
  readonly state: "guards" | "pauses" | "aside";
}

/** What the guards of the processes of a round saw. */
export interface GuardStatus {
  /** The smallest of the processes. */
  stall_limit_percent: number;
  /** Of the process that waited longest. */
  harm_percent: number;
  /** Of the process for which a page has to be idle longest; null: no page of it is old enough. */
  age_scans: number | null;
  /** The same as a time: the project's interval for each scan. */
  age_seconds: number | null;
  /** The longest mean time. */
  swap_in_us: number;
  /** Processes of which nothing moves until they wait less. */
  paused_processes: number;
  /** Processes of which everything cold may go, since MemAvailable is below 5 %. */
  unguarded_processes: number;
}

/** @param guards of the processes. @param intervalSeconds of the project. */
export function summariseGuards(
  guards: readonly ProcessGuardStatus[],
  intervalSeconds: number,
): GuardStatus {
  const most = (figure: (guard: ProcessGuardStatus) => number): number =>
    Math.max(0, ...guards.map(figure));
  const age = most(({ ageScans }) => ageScans);
  const isKnown = age !== Number.POSITIVE_INFINITY;
  return {
    stall_limit_percent: Math.min(...guards.map(({ limitPercent }) => limitPercent)),
    harm_percent: Number(most(({ harmPercent }) => harmPercent).toFixed(4)),
    age_scans: isKnown ? age : null,
    age_seconds: isKnown ? age * intervalSeconds : null,
    swap_in_us: Number((most(({ swapInSeconds }) => swapInSeconds) * 1e6).toFixed(1)),
    paused_processes: guards.filter(({ state }) => state === "pauses").length,
    unguarded_processes: guards.filter(({ state }) => state === "aside").length,
  };
}
