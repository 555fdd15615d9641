import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";
import { coveredLines, formatLcov, formatLines } from "./covered_lines.ts";
import { EXCEPTIONS } from "./exceptions.ts";
import { makeInstrumentedCopy } from "./instrumented_copy.ts";
import { judge, percentOf } from "./judge.ts";

/**
 * Runs the tests on a copy of the repository that counts which lines of src and ffi are executed:
 * by the tests themselves, by workers, and by every process that they start, the compiled
 * executable too, none of which `bun test --coverage` counts. Prints a table and writes
 * dist/lcov.info.
 *
 * Arguments: tests to run; without any, all of them,
 * and then files below 90 % have to stand in exceptions.ts.
 */
const TOP = join(import.meta.dir, "../../..");
/** Folders whose tests read the sources, start npm, or compile C programs for minutes. */
const LEFT_OUT = [
  "tests/tools/layering",
  "tests/tools/gate",
  "tests/tools/additions",
  "tests/unit/packaging",
  "tests/unit/bench",
  "tests/unit/demo",
  "tests/unit/scan_lib",
];

const chosen = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "etmem-coverage-"));
chmodSync(folder, 0o755);
const copy = join(folder, "copy");
const results = join(folder, "results");
mkdirSync(results);
// Some tests run clients and servers as other users.
chmodSync(results, 0o777);

function bun(...args: readonly string[]): number {
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    cwd: copy,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return exitCode;
}

try {
  const instrumented = makeInstrumentedCopy(copy, results);
  for (const left of LEFT_OUT) {
    const paths = [...new Glob(`${left}/**/*.test.ts`).scanSync(copy)];
    if (paths.length === 0) throw new Error(`Cannot leave out "${left}": it has no tests`);
    for (const path of paths) rmSync(join(copy, path));
  }
  if (bun("build.ts") !== 0) throw new Error("Cannot measure the coverage: the build failed");
  const status = bun(
    "test",
    "--timeout",
    "300000",
    "--only-failures",
    "--preload=./tests/tools/coverage/at_the_end.ts",
    ...(chosen.length === 0 ? ["tests"] : chosen),
  );

  const files = coveredLines(instrumented, results);
  mkdirSync(join(TOP, "dist"), { recursive: true });
  writeFileSync(join(TOP, "dist/lcov.info"), formatLcov(files));
  for (const file of files) {
    const percent = percentOf(file).toFixed(1).padStart(6);
    const missing = file.missing.length === 0 ? "" : `  not ${formatLines(file.missing)}`;
    console.log(
      `${percent} % ${String(file.covered).padStart(4)}/${
        String(file.lines).padEnd(4)
      } ${file.file}${missing}`,
    );
  }
  const total = {
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    covered: files.reduce((sum, { covered }) => sum + covered, 0),
  };
  console.log(
    `${percentOf(total).toFixed(1).padStart(6)} % of ${total.lines} lines in ${files.length} files`,
  );
  const wrong = chosen.length > 0
    ? []
    : judge(files, EXCEPTIONS, (file) => existsSync(join(TOP, file)));
  if (status !== 0) wrong.push("some tests failed: what they would have executed is missing above");
  for (const line of wrong) console.log(`not ok ${line}`);
  console.log(`${files.length - wrong.length} passed, ${wrong.length} failed`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
