import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import { compileC } from "./compile_c.ts";
import type { Figure, Outcome } from "./figure.ts";

const LIBRARY = join(import.meta.dir, "../scan_lib");
/** What turns a stream into a list. */
const SOURCES = ["idle_stream.c", "scan_walk.c", "page_list.c"];
/** A walk is to be at least half as fast as what it is compared with. */
const RATIO = 0.5;
const BYTES_PER_PAGE = 40;

/** A line of scan_lib.c: nanoseconds a page, and bytes a page. */
interface Run {
  readonly stream: string;
  readonly fillNs: number;
  readonly firstWalkNs: number;
  readonly traverseNs: number;
  readonly secondWalkNs: number;
  readonly bytes: number;
}

const mpagesPerSecond = (ns: number): number => 1000 / ns;

function walk(
  what: string,
  values: readonly number[],
  baseline: string,
  baselineValues: readonly number[],
): Figure {
  return {
    what,
    unit: "Mpages/s",
    values: values.map(mpagesPerSecond),
    baseline: { name: baseline, values: baselineValues.map(mpagesPerSecond) },
    targets: [{ of: "ratio", is: "at least", limit: RATIO }],
  };
}

function figuresOf(stream: string, runs: readonly Run[]): Figure[] {
  return [
    walk(
      `first walk, ${stream}`,
      runs.map((run) => run.firstWalkNs),
      "allocate and fill",
      runs.map((run) => run.fillNs),
    ),
    walk(
      `second walk, ${stream}`,
      runs.map((run) => run.secondWalkNs),
      "plain traversal",
      runs.map((run) => run.traverseNs),
    ),
  ];
}

function measure(executable: string): Outcome[] {
  const { success, stdout, stderr } = Bun.spawnSync([executable]);
  if (!success) throw new Error(`scan_lib.c failed: ${stderr.toString()}`);
  const runs = stdout.toString().trim().split("\n").map((line) => JSON.parse(line) as Run);
  const streams = [...new Set(runs.map((run) => run.stream))];
  const memory: Figure = {
    what: "memory of the list",
    unit: "bytes/page",
    values: runs.map((run) => run.bytes),
    targets: [{ of: "median", is: "at most", limit: BYTES_PER_PAGE }],
  };
  return [
    ...streams.flatMap((name) => figuresOf(name, runs.filter(({ stream }) => stream === name))),
    memory,
  ];
}

export const SCAN_LIB: Benchmark = {
  name: "scan_lib",
  about: "libetmemd_scan: streams of 4 million pages into its list, next to the least that costs",
  run(): Outcome[] {
    const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
    try {
      const more = [
        `-I${LIBRARY}/include`,
        `-I${LIBRARY}/src`,
        ...SOURCES.map((name) => join(LIBRARY, "src", name)),
      ];
      return measure(compileC(join(import.meta.dir, "scan_lib.c"), folder, more));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
