import { writeFileSync } from "node:fs";
import {
  dramPlace,
  NOWHERE,
  type PageClass,
  slowPlace,
} from "../src/engine/cslide/page_buckets.ts";
import { type PairPlan, type PlanInput, planMoves } from "../src/engine/cslide/plan_moves.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuSeconds } from "./cpu_seconds.ts";
import { sizesOf } from "./process_cost.ts";

const PAGES = 16_000_000;
const LIMIT_MS = 1000;
const LIMIT_BYTES = 64 * 1024 * 1024;
const RUNS = 5;
const BASE_BYTES = 4096;
const MB = 1024 * 1024;

/** Base pages of two pairs in a repeatable disorder; one in eight has been accessed. */
function somePages(): PageClass {
  const heat = new Uint8Array(PAGES);
  const place = new Uint8Array(PAGES);
  const places = [slowPlace(0), dramPlace(0), slowPlace(1), dramPlace(1)];
  let state = 0x9e37_79b9;
  for (let i = 0; i < PAGES; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    heat[i] = (state & 7) === 0 ? (state >>> 8) % 121 : 0;
    place[i] = (state & 0x1f0) === 0 ? NOWHERE : places[(state >>> 3) & 3]!;
  }
  return { pageBytes: BASE_BYTES, pool: 0, heat, place };
}

/** Every page is on the wrong node. */
function wrongPages(): PageClass {
  const pages = { ...somePages(), heat: new Uint8Array(PAGES) };
  for (let i = 0; i < PAGES; i++) {
    pages.place[i] = i % 2 === 0 ? slowPlace(0) : dramPlace(0);
    pages.heat[i] = i % 2 === 0 ? 1 + i % 120 : 0;
  }
  return pages;
}

function movedPages(plans: readonly PairPlan[]): number {
  return plans.flatMap(({ steps }) => steps).flatMap(({ down, up }) => [down, up].flat())
    .reduce((sum, { pages }) => sum + pages.length, 0);
}

/**
 * Has the kernel forget the peak so far (proc_pid_clear_refs(5)).
 * @returns what this process takes now, in bytes.
 */
function resetPeak(): number {
  Bun.gc(true);
  writeFileSync("/proc/self/clear_refs", "5");
  return sizesOf("self", ["VmRSS"]).VmRSS;
}

function peakBytes(): number {
  return sizesOf("self", ["VmHWM"]).VmHWM;
}

const free = { slowFreeBytes: 2048 * MB, dramFreeBytes: 2048 * MB };

function cases(): Readonly<Record<string, PlanInput>> {
  const round: PlanInput = {
    hotThreshold: 1,
    quotaBytes: 1024 * MB,
    reserveBytes: 4096 * MB,
    classes: [somePages()],
    pairs: [[free], [free]],
  };
  return {
    "quota of 1 GiB": round,
    "every page moves": {
      ...round,
      quotaBytes: 2 ** 51,
      reserveBytes: 2 ** 51,
      classes: [wrongPages()],
    },
    "quota of 0": { ...round, quotaBytes: 0 },
  };
}

export const CSLIDE_POLICY: Benchmark = {
  name: "policy",
  about: "the policy of cslide on 16 million pages: CPU time, and memory beyond that of its input",
  run: () =>
    Object.entries(cases()).flatMap(([name, input]) => {
      const before = resetPeak();
      const values: number[] = [];
      let moved = 0;
      // Of the first run: later ones begin with what the collector has not fetched yet.
      let peak = 0;
      for (let run = 0; run < RUNS; run++) {
        const begin = cpuSeconds();
        moved = movedPages(planMoves(input));
        values.push((cpuSeconds() - begin) * 1000);
        peak ||= peakBytes();
      }
      const what = `cslide policy, ${name}, ${moved} move`;
      return [
        { what, unit: "ms", values, targets: [{ of: "median", is: "at most", limit: LIMIT_MS }] },
        {
          what: `${what}, memory`,
          unit: "MiB",
          values: [(peak - before) / MB],
          targets: [{ of: "median", is: "at most", limit: LIMIT_BYTES / MB }],
        },
      ];
    }),
};
