import { join } from "node:path";

const TOP = join(import.meta.dir, "../../..");

/** What istanbul-lib-instrument keeps of a file in `globalThis.__coverage__`. */
interface FileCounters {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Record<string, number>;
  readonly b: Record<string, number[]>;
  readonly f: Record<string, number>;
}

/** How much of some files has been executed. */
export interface CoveredShare {
  readonly lines: number;
  readonly coveredLines: number;
  readonly branches: number;
  readonly coveredBranches: number;
  /** `file:line` of statements that never ran. */
  readonly missing: readonly string[];
}

/** What an execution brought that none before did. */
export type Novelty = "nothing" | "another count" | "another place";

/** How often something was executed, in classes as AFL has them: 1, 2, 3, 4 to 7, 8 to 15, ... */
function countClass(times: number): number {
  if (times < 4) return times;
  return Math.min(31, 2 + Math.floor(Math.log2(times)));
}

/** Watches what the code of some files executes, between one look and the next. */
export class CoverageWatch {
  readonly #files: readonly (readonly [name: string, counters: FileCounters])[];
  /**
   * Every array of counters of the files, what it held at the last look,
   * and the classes seen (bits).
   */
  readonly #watched: { readonly now: number[]; readonly last: number[]; readonly seen: number[] }[];

  /**
   * @param sources relative to the top; they are loaded already. @throws {Error} when one is not.
   */
  constructor(sources: readonly string[]) {
    const all = Reflect.get(globalThis, "__coverage__") as Record<string, FileCounters> | undefined;
    this.#files = sources.map((source) => {
      const counters = all?.[join(TOP, source)];
      if (counters === undefined) throw new Error(`Cannot watch "${source}": it was never loaded`);
      return [source, counters];
    });
    this.#watched = this.#files.flatMap(([, { s, b, f }]) =>
      [s, f, ...Object.values(b)].map((counters) => {
        // Objects with the keys 0, 1, ... are indexed like arrays.
        const now = counters as unknown as number[];
        const length = Object.keys(counters).length;
        return {
          now,
          last: Array.from({ length }, () => 0),
          seen: Array.from({ length }, () => 0),
        };
      })
    );
  }

  /** What was executed since the last look. */
  look(): Novelty {
    let novelty: Novelty = "nothing";
    for (const { now, last, seen } of this.#watched) {
      for (let i = 0; i < last.length; i++) {
        const times = now[i]! - last[i]!;
        if (times === 0) continue;
        last[i] = now[i]!;
        const bit = 1 << countClass(times);
        const before = seen[i]!;
        if ((before & bit) !== 0) continue;
        seen[i] = before | bit;
        if (before === 0) novelty = "another place";
        else if (novelty === "nothing") novelty = "another count";
      }
    }
    return novelty;
  }

  /** What has been executed of the files so far. */
  share(): CoveredShare {
    const missing: string[] = [];
    const sum = { lines: 0, coveredLines: 0, branches: 0, coveredBranches: 0 };
    for (const [name, { statementMap, s, b }] of this.#files) {
      const lines = new Map<number, boolean>();
      for (const [id, { start }] of Object.entries(statementMap)) {
        lines.set(start.line, (lines.get(start.line) ?? true) && s[id] !== 0);
      }
      sum.lines += lines.size;
      sum.coveredLines += [...lines.values()].filter(Boolean).length;
      for (const [line, isCovered] of lines) if (!isCovered) missing.push(`${name}:${line}`);
      const branches = Object.values(b).flat();
      sum.branches += branches.length;
      sum.coveredBranches += branches.filter((count) => count > 0).length;
    }
    return { ...sum, missing };
  }
}
