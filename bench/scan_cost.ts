import { PAGE_SIZE } from "../ffi/libc.ts";
import type { RoundStatus } from "../src/status/round_status.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import type { Figure } from "./figure.ts";
import type { ServerUnderTest } from "./server_under_test.ts";
import type { TouchTarget } from "./touch_target.ts";

const GIB = 2 ** 30;
/** Scans in a round, one second apart; the next round begins after one more. */
const LOOP = 5;

/** With what the cost of scanning is measured. */
export interface ScanCostSetting {
  readonly tracker: "smaps" | "page_idle" | "idle_pages";
  readonly server: ServerUnderTest;
  readonly target: TouchTarget;
  /** scan_baseline.c, compiled. */
  readonly baseline: string;
  readonly runs: number;
  /** For which the target's pace is taken in a run, with scans and without. */
  readonly seconds: number;
}

function roundOf({ rounds }: TaskStatus, number: number): RoundStatus {
  const round = rounds.find((one) => one.number === number);
  if (round === undefined) throw new Error(`status does not show round ${number}`);
  return round;
}

/**
 * Pages that the target reads in a second, over so many seconds, in which the server gets no
 * request.
 */
async function paceOf(target: TouchTarget, seconds: number): Promise<number> {
  const begin = performance.now();
  const touches = target.touches;
  await Bun.sleep(seconds * 1000);
  return (target.touches - touches) / ((performance.now() - begin) / 1000);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** CPU seconds of a round of scans by plain C, one a scan. */
function baselineSeconds({ tracker, target, baseline }: ScanCostSetting): number[] {
  const args = [tracker, target.pid, ...target.range, LOOP].map(String);
  const { success, stdout, stderr } = Bun.spawnSync([baseline, ...args]);
  if (!success) throw new Error(`the baseline failed: ${stderr.toString()}`);
  return stdout.toString().trim().split("\n").map(Number);
}

/**
 * Scans a target that uses all its memory, a second apart, and lets it be, in turn: what a worker
 * computes for a scan, and how much slower the target is.
 */
export async function measureScanCost(setting: ScanCostSetting): Promise<Figure[]> {
  const { tracker, server, target, runs, seconds } = setting;
  const [start, end] = target.range;
  const gib = (end - start) / GIB;
  const scanSeconds: number[] = [];
  const scanned: number[] = [];
  const alone: number[] = [];
  const baseline: number[] = [];
  server.addTask({ type: "pid", value: target.pid }, { tracker, loop: LOOP });
  for (let run = 0; run < runs; run++) {
    server.startProject();
    const first = roundOf(await server.untilRounds(1), 1);
    if (first.hot_bytes < end - start) {
      throw new Error(`only ${first.hot_bytes} bytes of ${end - start} are hot`);
    }
    scanned.push(await paceOf(target, seconds) / 1e6);
    // Not the first round: that has a scan more than it counts.
    const { cpu_us: cpuUs, scanned_bytes: bytes } = roundOf(await server.untilRounds(2), 2);
    scanSeconds.push(cpuUs / 1e6 / (bytes / (end - start)));
    server.stopTask();
    alone.push(await paceOf(target, seconds) / 1e6);
    // In turn: what else the machine does weighs on both.
    baseline.push(mean(baselineSeconds(setting)));
  }
  const pages = (end - start) / PAGE_SIZE;
  const perGib = (cpu: number): number => (cpu * 1000) / gib;
  const perPage = (cpu: number): number => (cpu * 1e9) / pages;
  return [
    {
      what: `${tracker}, CPU of the worker for a scan of 1 GiB`,
      unit: "ms",
      values: scanSeconds.map(perGib),
      baseline: { name: "plain C", values: baseline.map(perGib) },
    },
    {
      what: `${tracker}, CPU of the worker for a page`,
      unit: "ns",
      values: scanSeconds.map(perPage),
      baseline: { name: "plain C", values: baseline.map(perPage) },
    },
    {
      what: `${tracker}, pages the target reads while scanned`,
      unit: "M/s",
      values: scanned,
      baseline: { name: "not scanned", values: alone },
    },
  ];
}
