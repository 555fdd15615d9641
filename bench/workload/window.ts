import { type LatencyBucket, mergeLatencies } from "./latencies.ts";

/** A line of workload.c, or such lines of several processes as one. */
export interface Window {
  /** Served since the start; so are the three that follow. */
  readonly requests: number;
  readonly wall_ns: number;
  readonly cpu_ns: number;
  readonly minor_faults: number;
  readonly major_faults: number;
  /** The mean over the window, and what follows is of the window alone as well. */
  readonly swap_bytes: number;
  readonly longest_ns: number;
  readonly latencies: readonly LatencyBucket[];
}

/** The same window of several processes that ran side by side. */
export function mergeProcesses(windows: readonly Window[]): Window {
  const sum = (of: (window: Window) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const longest = (of: (window: Window) => number): number => Math.max(...windows.map(of));
  return {
    requests: sum((w) => w.requests),
    wall_ns: longest((w) => w.wall_ns),
    cpu_ns: sum((w) => w.cpu_ns),
    minor_faults: sum((w) => w.minor_faults),
    major_faults: sum((w) => w.major_faults),
    swap_bytes: sum((w) => w.swap_bytes),
    longest_ns: longest((w) => w.longest_ns),
    latencies: mergeLatencies(windows.map((w) => w.latencies)),
  };
}

const NOTHING: Window = {
  requests: 0,
  wall_ns: 0,
  cpu_ns: 0,
  minor_faults: 0,
  major_faults: 0,
  swap_bytes: 0,
  longest_ns: 0,
  latencies: [],
};

/**
 * Windows that follow each other as one, with what was counted in them, not since the start.
 * @throws {RangeError} when there are none.
 */
export function lastWindows(windows: readonly Window[], count: number): Window {
  const chosen = windows.slice(-count);
  const end = chosen.at(-1);
  if (end === undefined || chosen.length < count) {
    throw new RangeError(`Cannot look at ${count} windows: there are ${windows.length}`);
  }
  const begin = windows.at(-count - 1) ?? NOTHING;
  return {
    requests: end.requests - begin.requests,
    wall_ns: end.wall_ns - begin.wall_ns,
    cpu_ns: end.cpu_ns - begin.cpu_ns,
    minor_faults: end.minor_faults - begin.minor_faults,
    major_faults: end.major_faults - begin.major_faults,
    swap_bytes: chosen.reduce((sum, window) => sum + window.swap_bytes, 0) / count,
    longest_ns: Math.max(...chosen.map((window) => window.longest_ns)),
    latencies: mergeLatencies(chosen.map((window) => window.latencies)),
  };
}
