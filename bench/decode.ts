import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PAGE_SIZE } from "../ffi/libc.ts";
import { decodeIdlePages } from "../src/tracker/idle_pages_stream.ts";
import { PageCounts } from "../src/tracker/page_counts.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuSeconds } from "./cpu_seconds.ts";
import { compileC } from "./compile_c.ts";
import type { Figure, Outcome, Target } from "./figure.ts";

const PAGES = 16_000_000;
const RUNS = 15;
/** Before the compiler of the engine has done its work, runs say little. */
const WARM_UP_RUNS = 5;
/** What the idle_pages tracker reads at once. */
const ANSWER_BYTES = 64 * 1024;
const START_PAGE = 0x7f00_0000_0000 / PAGE_SIZE;

const ACCESSED = 0x00;
const IDLE = 0x50;
const SET_ADDRESS = 0xa0;

interface Pattern {
  readonly name: string;
  /** Run number n of a stream as (type << 4) | pages. */
  readonly byte: (n: number) => number;
  readonly mpagesPerSecond?: number;
  readonly ratio?: number;
}

/** A repeatable disorder. */
function scrambled(n: number): number {
  const x = Math.imul(n ^ (n >>> 15), 0x2c1b_3c6d);
  return ((x ^ (x >>> 12)) >>> 4) & 0xffff;
}

const PATTERNS: readonly Pattern[] = [
  {
    name: "single pages of alternating types",
    byte: (n) => (n % 2 === 0 ? ACCESSED : IDLE) | 1,
    mpagesPerSecond: 120,
    ratio: 1 / 3,
  },
  { name: "runs of 15 of one type", byte: () => IDLE | 15, mpagesPerSecond: 1000 },
  {
    name: "runs of 15 of alternating types",
    byte: (n) => (n % 2 === 0 ? ACCESSED : IDLE) | 15,
    mpagesPerSecond: 400,
  },
  {
    name: "runs of 1 to 15 of either type, disordered",
    byte: (n) => ((scrambled(n) & 0x100) === 0 ? ACCESSED : IDLE) | (1 + scrambled(n) % 15),
  },
];

/** The answers of a scan one after the other, each with its address first. */
function makeStream(pattern: Pattern): Uint8Array {
  const stream = new Uint8Array(PAGES + 16 * (PAGES / ANSWER_BYTES + 2));
  const view = new DataView(stream.buffer);
  let page = START_PAGE;
  let at = 0;
  for (let n = 0; page < START_PAGE + PAGES; n++) {
    if (at % ANSWER_BYTES === 0) {
      stream[at] = SET_ADDRESS;
      view.setBigUint64(at + 1, BigInt(page * PAGE_SIZE));
      at += 9;
    }
    const byte = pattern.byte(n);
    const run = Math.min(byte & 15, START_PAGE + PAGES - page);
    stream[at++] = (byte & 0xf0) | run;
    page += run;
  }
  return stream.slice(0, at);
}

/**
 * One scan into a new structure. @returns CPU seconds.
 * @throws {Error} when not every page was counted.
 */
function decodeOnce(stream: Uint8Array): number {
  const ranges = [{ from: START_PAGE, to: START_PAGE + PAGES }];
  const begin = cpuSeconds();
  const counts = new PageCounts();
  counts.beginScan();
  for (let at = 0; at < stream.length; at += ANSWER_BYTES) {
    const answer = stream.subarray(at, at + ANSWER_BYTES);
    const { corrupt } = decodeIdlePages(answer, answer.length, counts, ranges, 0);
    if (corrupt !== undefined) throw new Error(corrupt);
  }
  counts.endScan();
  const seconds = cpuSeconds() - begin;
  const counted = counts.histogram().reduce((sum, pages) => sum + pages, 0);
  if (counted !== PAGES) throw new Error(`${counted} of ${PAGES} pages were counted`);
  return seconds;
}

function baselineSeconds(executable: string, file: string, runs: number): number[] {
  const args = [file, ANSWER_BYTES, PAGES, runs].map(String);
  const { success, stdout } = Bun.spawnSync([executable, ...args]);
  if (!success) throw new Error("the baseline decoder does not agree on the number of pages");
  return stdout.toString().trim().split("\n").map(Number);
}

const speed = (seconds: number): number => PAGES / seconds / 1e6;

function measure(pattern: Pattern, baseline: string, folder: string): Figure {
  const stream = makeStream(pattern);
  const file = join(folder, "stream");
  writeFileSync(file, stream);
  for (let i = 0; i < WARM_UP_RUNS; i++) decodeOnce(stream);
  const values: number[] = [];
  const baselineValues: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    values.push(speed(decodeOnce(stream)));
    // The first of two runs pays for what the second finds ready.
    baselineValues.push(speed(baselineSeconds(baseline, file, 2)[1]!));
  }
  const targets: Target[] = [];
  if (pattern.mpagesPerSecond !== undefined) {
    targets.push({ of: "median", is: "at least", limit: pattern.mpagesPerSecond });
  }
  if (pattern.ratio !== undefined) {
    targets.push({ of: "ratio", is: "at least", limit: pattern.ratio });
  }
  return {
    what: `decode ${pattern.name}`,
    unit: "Mpages/s",
    values,
    baseline: { name: "plain C", values: baselineValues },
    targets,
  };
}

export const DECODE: Benchmark = {
  name: "decode",
  about: "idle_pages streams of 16 million pages into counts, allocation included, next to plain C",
  run(): Outcome[] {
    const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
    try {
      const baseline = compileC(join(import.meta.dir, "decoder_baseline.c"), folder);
      return PATTERNS.map((pattern) => measure(pattern, baseline, folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
