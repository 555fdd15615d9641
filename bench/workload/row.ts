import { median } from "../figure.ts";
import { percentile } from "./latencies.ts";
import { oracleResidentShare } from "./oracle.ts";
import type { Run } from "./run.ts";
import { lastWindows } from "./window.ts";
import type { Workload } from "./workload_table.ts";

/** What a run comes to: the columns of its row. */
export interface Columns {
  /** Shares of the workload's memory: in swap, and that without what holds it in DRAM. */
  readonly saved: number;
  readonly net: number;
  /** Major faults a second. */
  readonly faults: number;
  /** Those against the faults of an ideal LRU of as many pages; undefined where it has none. */
  readonly timesLru: number | undefined;
  /** `saved` against what an oracle saves at as many faults; undefined but for Zipf's law. */
  readonly ofOracle: number | undefined;
  /** CPU time of the workload for a request. */
  readonly cpuUs: number;
  /** Latencies. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly longestUs: number;
  /** CPU time of the peer, from its start on. */
  readonly peerCpuSeconds: number;
}

/** Faults of an ideal LRU in the windows that are looked at. */
export type LruMisses = (residentPages: number) => number;

/** What the last windows of a run come to. @param pageBytes of a page of the workload. */
export function columnsOf(
  run: Run,
  workload: Workload,
  windows: number,
  pageBytes: number,
  misses: LruMisses,
): Columns {
  const seen = lastWindows(run.windows, windows);
  const seconds = seen.wall_ns / 1e9;
  const pages = workload.processes * workload.pages;
  const saved = seen.swap_bytes / (pages * pageBytes);
  const zramShare = run.swapBytes === 0 ? 0 : run.zramBytes / run.swapBytes;
  const faults = seen.major_faults / seconds;
  const lruFaults = misses(Math.round(pages * (1 - saved)));
  // The middle of the last bucket may lie beyond the longest one.
  const us = (share: number): number =>
    Math.min(percentile(seen.latencies, share), seen.longest_ns) / 1000;
  return {
    saved,
    net: saved * (1 - zramShare),
    faults,
    timesLru: lruFaults === 0 ? undefined : seen.major_faults / lruFaults,
    ofOracle: shareOfOracle(workload, saved, faults),
    cpuUs: seen.cpu_ns / 1000 / seen.requests,
    p50Us: us(0.5),
    p99Us: us(0.99),
    p999Us: us(0.999),
    longestUs: seen.longest_ns / 1000,
    peerCpuSeconds: run.peerCpuSeconds,
  };
}

function shareOfOracle(workload: Workload, saved: number, faults: number): number | undefined {
  const { theta, pages, rate, processes } = workload;
  if (theta === undefined || saved === 0) return undefined;
  // Each of several processes has an oracle of its own.
  const best = 1 - oracleResidentShare(faults / processes, { pages, theta, rate });
  return best === 0 ? undefined : saved / best;
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** The median of several passes, column by column. @throws {RangeError} when there are none. */
export function medianColumns(passes: readonly Columns[]): Columns {
  const of = (column: (pass: Columns) => number): number => median(passes.map(column));
  return {
    saved: of((pass) => pass.saved),
    net: of((pass) => pass.net),
    faults: of((pass) => pass.faults),
    timesLru: medianOf(passes.map((pass) => pass.timesLru)),
    ofOracle: medianOf(passes.map((pass) => pass.ofOracle)),
    cpuUs: of((pass) => pass.cpuUs),
    p50Us: of((pass) => pass.p50Us),
    p99Us: of((pass) => pass.p99Us),
    p999Us: of((pass) => pass.p999Us),
    longestUs: of((pass) => pass.longestUs),
    peerCpuSeconds: of((pass) => pass.peerCpuSeconds),
  };
}
