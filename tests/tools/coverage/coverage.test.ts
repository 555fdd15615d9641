import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";
import { type CoveredFile, coveredLines, formatLcov, formatLines } from "./covered_lines.ts";
import { judge } from "./judge.ts";

const folder = new ScratchFolder();
afterAll(() => folder[Symbol.dispose]());
beforeAll(() => {
  mkdirSync(folder.at("results"));
  const write = (name: string, counts: object): void =>
    writeFileSync(folder.at(`results/${name}`), JSON.stringify(counts));
  write("1-0", { "src/a.ts": { 0: 1, 1: 0, 2: 2, 3: 0 } });
  write("2-1", { "src/a.ts": { 1: 1 } });
  writeFileSync(folder.at("results/3-0"), '{"src/a.ts":{"0":'); // killed while it wrote
});

test("coveredLines() sums up what all processes executed; a line is covered when all of it ran", () => {
  const instrumented = new Map([["src/b.ts", { 0: 1 }], ["src/a.ts", { 0: 1, 1: 2, 2: 3, 3: 3 }]]);
  const files = coveredLines(instrumented, folder.at("results"));
  expect(files.map(({ file, lines, covered, missing }) => [file, lines, covered, missing])).toEqual(
    [
      ["src/a.ts", 3, 2, [3]],
      ["src/b.ts", 1, 0, [1]],
    ],
  );
  expect(formatLcov(files)).toStartWith(
    "SF:src/a.ts\nDA:1,1\nDA:2,1\nDA:3,0\nLF:3\nLH:2\nend_of_record\nSF:src/b.ts\n",
  );
});

test("formatLines() names lines in a row once", () => {
  expect(formatLines([3, 4, 5, 9])).toBe("3-5, 9");
});

test("judge() demands an exception for what is low, and none for anything else", () => {
  const file = (name: string, covered: number): CoveredFile => ({
    file: name,
    lines: 100,
    covered,
    missing: [],
    counts: new Map(),
  });
  const files = [file("src/high.ts", 90), file("src/low.ts", 89), file("src/explained.ts", 0)];
  const exception = { why: "it needs the etmem kernel interface", shownBy: "tests/there" };
  const exists = (path: string): boolean => path === "tests/there";
  expect(judge(files, { "src/explained.ts": exception }, exists)).toEqual([
    "src/low.ts has 89.0 % and no exception",
  ]);
  const wrong = {
    "src/explained.ts": { ...exception, shownBy: "tests/gone" },
    "src/low.ts": exception,
    "src/high.ts": exception,
    "src/gone.ts": exception,
  };
  expect(judge(files, wrong, exists)).toEqual([
    "the exception of src/high.ts is stale: it has 90 % or is not there",
    "the exception of src/gone.ts is stale: it has 90 % or is not there",
    "the exception of src/explained.ts names tests/gone, which is not there",
  ]);
});
