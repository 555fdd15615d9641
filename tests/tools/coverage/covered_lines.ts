import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Instrumented } from "./instrumented_copy.ts";

/** How much of a file has been executed. */
export interface CoveredFile {
  readonly file: string;
  readonly lines: number;
  readonly covered: number;
  /** Lines on which a statement begins that never ran. */
  readonly missing: readonly number[];
  /** By line: how often what begins there ran; what began least often counts. */
  readonly counts: ReadonlyMap<number, number>;
}

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Sums up what all processes and threads have written to a folder. */
export function coveredLines(instrumented: Instrumented, results: string): CoveredFile[] {
  const sums = new Map<string, Record<string, number>>();
  for (const name of readdirSync(results)) {
    for (const [file, counts] of Object.entries(readCounts(join(results, name)))) {
      const sum = sums.get(file) ?? {};
      for (const [id, count] of Object.entries(counts)) sum[id] = (sum[id] ?? 0) + count;
      sums.set(file, sum);
    }
  }
  return [...instrumented].map(([file, lineOf]) => {
    const sum = sums.get(file) ?? {};
    const counts = new Map<number, number>();
    for (const [id, line] of Object.entries(lineOf)) {
      counts.set(line, Math.min(counts.get(line) ?? Infinity, sum[id] ?? 0));
    }
    const missing = [...counts].filter(([, count]) => count === 0).map(([line]) => line);
    missing.sort((a, b) => a - b);
    return { file, lines: counts.size, covered: counts.size - missing.length, missing, counts };
  }).toSorted((a, b) => a.file < b.file ? -1 : 1);
}

/** What one has written; nothing when it was killed while it wrote. */
function readCounts(path: string): Counts {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Counts;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Line numbers as ranges: `3-5, 9`. */
export function formatLines(lines: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([from, to]) => from === to ? String(from) : `${from}-${to}`).join(", ");
}

/** The report in the format of lcov (geninfo(1)). */
export function formatLcov(files: readonly CoveredFile[]): string {
  return files.map(({ file, lines, covered, counts }) =>
    [
      `SF:${file}`,
      ...[...counts].toSorted(([a], [b]) => a - b).map(([line, count]) => `DA:${line},${count}`),
      `LF:${lines}`,
      `LH:${covered}`,
      "end_of_record\n",
    ].join("\n")
  ).join("");
}
