import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { findRuntime } from "../../../packaging/find_runtime.ts";
import { architectureOf } from "../../../packaging/architectures.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { readJunit, type TestCase } from "./junit.ts";
import { LEFT_OUT, type LeftOut } from "./left_out.ts";
import { StuckForks } from "./stuck_forks.ts";

// Runs the unit tests by an aarch64 Bun and a smoke test of the aarch64 executable under qemu-user,
// and tests of what depends on the page size with larger pages. The last line is
// "N passed, N failed".

const TOP = join(import.meta.dir, "../../..");
const ENTER = join(import.meta.dir, "enter.sh");
const FOLDER = join(TOP, "node_modules/.cache/etmem/arm64");
const COMPILER = "aarch64-linux-gnu-gcc";
/**
 * Programs that are watched are of this machine:
 * of an emulated one the emulator's memory would be seen.
 */
const WATCHED = ["target.c", "locked_target.c", "take_pid.c"];
/** What of the tests depends on the page size and not on this machine's memory. */
const PAGE_SIZE_TESTS = [
  "tests/unit/tracker/frame_set.test.ts",
  "tests/unit/tracker/idle_bitmap.test.ts",
  "tests/unit/tracker/idle_pages_stream.test.ts",
  "tests/unit/tracker/page_counts.test.ts",
  "tests/unit/tracker/page_range.test.ts",
  "tests/unit/tracker/huge_page.test.ts",
  "tests/unit/tracker/tracker_idle_pages.test.ts",
  "tests/unit/tracker/vma_selection.test.ts",
  "tests/unit/mover/moved_set.test.ts",
  "tests/unit/mover/mover_swap_pages.test.ts",
  "tests/unit/mover/swap_pages_text.test.ts",
  "tests/unit/engine/cslide/node_pairs.test.ts",
  "tests/unit/engine/cslide/show_pages.test.ts",
  "tests/unit/engine/cslide/plan_moves.test.ts",
  "tests/unit/engine/cslide/plan_moves_properties.test.ts",
];
const PAGE_SIZES = [16384, 65536];
/**
 * Some tests give a program a few hundred milliseconds,
 * which emulation needs by itself now and then.
 */
const RETRY = "--retry=2";

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Fills FOLDER with what enter.sh wants. */
function prepare(): void {
  const bin = join(FOLDER, "bin");
  const cache = join(FOLDER, "cache");
  rmSync(bin, { recursive: true, force: true });
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  mkdirSync(cache, { recursive: true });
  const compiler = Bun.which(COMPILER);
  if (compiler === null) throw new Error(`Cannot compile for aarch64: there is no ${COMPILER}`);
  for (const name of ["cc", "gcc"]) symlinkSync(compiler, join(bin, name));
  for (const source of WATCHED) {
    const program = compile(join(TOP, "tests/tools/fixtures", source));
    copyFileSync(program, join(cache, basename(program)));
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Runs tests, whose report is read. @param command a Bun, and what goes in front of it. */
async function runTests(
  what: string,
  command: readonly string[],
  args: readonly string[],
): Promise<TestCase[]> {
  using folder = new ScratchFolder();
  const outfile = folder.at("report.xml");
  const reporter = ["--reporter=junit", `--reporter-outfile=${outfile}`];
  const all = [...command, "test", "--timeout", "300000", "--only-failures", ...reporter, ...args];
  const child = Bun.spawn(all, {
    cwd: TOP,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const exitCode = await child.exited;
  const cases = existsSync(outfile) ? readJunit(readFileSync(outfile, "utf8")) : [];
  const failed = cases.some((one) => one.state === "failed");
  if (exitCode !== 0) console.log(`== ${what}\n${stdout}${stderr}`);
  if (exitCode !== 0 && !failed) {
    return [...cases, { file: what, name: `status ${exitCode}`, state: "failed" }];
  }
  return cases;
}

function count(cases: readonly TestCase[]): Counts {
  const of = (state: TestCase["state"]): number => cases.filter((c) => c.state === state).length;
  return { passed: of("passed"), failed: of("failed") };
}

function report(what: string, began: number, { passed, failed }: Counts): Counts {
  const seconds = Math.round((performance.now() - began) / 1000);
  const state = failed === 0 && passed > 0 ? "ok" : "not ok";
  console.log(`${state} ${what}: ${passed} passed, ${failed} failed, ${seconds} s`);
  return passed === 0 && failed === 0 ? { passed, failed: 1 } : { passed, failed };
}

/** Whether an entry of LEFT_OUT is about a test. */
function covers({ path, tests = [""], only = [] }: LeftOut, { file, name }: TestCase): boolean {
  return file.startsWith(path) && tests.some((begin) => name.startsWith(begin)) &&
    !only.some((begin) => name.startsWith(begin));
}

/** LEFT_OUT is as it has to be: all that was skipped stands there, and what it names exists. */
function checkLeftOut(cases: readonly TestCase[]): Counts {
  const skipped = cases.filter((one) => one.state === "skipped");
  const faults = skipped.filter((one) => !LEFT_OUT.some((entry) => covers(entry, one)))
    .map(({ file, name }) => `skipped, but not in LEFT_OUT: ${file}: ${name}`);
  for (const { path, tests = [], only = [] } of LEFT_OUT) {
    const found = (begin: string, among: readonly TestCase[]): boolean =>
      among.some(({ file, name }) => file.startsWith(path) && name.startsWith(begin));
    const stale = [
      ...tests.filter((begin) => !found(begin, skipped)),
      ...only.filter((begin) => !found(begin, cases)),
    ];
    faults.push(...stale.map((begin) => `in LEFT_OUT, but there is none: ${path}: ${begin}`));
  }
  for (const fault of faults) console.log(fault);
  return { passed: 1, failed: faults.length };
}

/** A pattern for names that begin so, or that do not. */
function beginWith(begins: readonly string[], wanted: boolean): string {
  return `^(?${wanted ? ":" : "!"}${begins.map(escapePattern).join("|")})`;
}

async function unitTests(bun: string): Promise<Counts> {
  const began = performance.now();
  const apart = LEFT_OUT.filter((entry) => entry.tests === undefined);
  const files = [...new Bun.Glob("tests/**/*.test.ts").scanSync(TOP)].sort()
    .filter((file) => !apart.some(({ path }) => file.startsWith(path)));
  const names = LEFT_OUT.flatMap((entry) => entry.tests ?? []);
  const emulated = ["sh", ENTER, FOLDER, bun];
  const what = "the unit tests";
  // two processes, which this takes half as long with
  const halves = [0, 1].map((half) => files.filter((_, i) => i % 2 === half));
  const cases = (await Promise.all(
    halves.map((half) => runTests(what, emulated, [RETRY, ...half, "-t", beginWith(names, false)])),
  )).flat();
  for (const { path, only } of LEFT_OUT) {
    if (only === undefined) continue;
    cases.push(...await runTests(what, emulated, [RETRY, path, "-t", beginWith(only, true)]));
  }
  const counts = report(`${what} on aarch64`, began, count(cases));
  const list = report("the list of those left out", performance.now(), checkLeftOut(cases));
  return { passed: counts.passed + list.passed, failed: counts.failed + list.failed };
}

async function smokeTest(): Promise<Counts> {
  const began = performance.now();
  const native = ["sh", ENTER, FOLDER, process.execPath];
  const smoke = join(import.meta.dir, "smoke.ts");
  return report("the smoke test", began, count(await runTests("the smoke test", native, [smoke])));
}

/** The C library's programs with the page size that qemu-user makes them see. */
async function scanLibTests(bytes: number): Promise<Counts> {
  const began = performance.now();
  const what = `the scan library on aarch64, pages of ${bytes / 1024} KiB`;
  const native = ["env", `QEMU_PAGESIZE=${bytes}`, "sh", ENTER, FOLDER, process.execPath];
  // pagemap_walk() is tried on the pagemap of this machine, whose pages are smaller
  const pattern = "^the scan library (?!under|pagemap_walk)";
  const args = [join(TOP, "tests/unit/scan_lib/programs.test.ts"), "-t", pattern];
  return report(what, began, count(await runTests(what, native, args)));
}

async function pageSizeTests(bytes: number): Promise<Counts> {
  const began = performance.now();
  const what = `pages of ${bytes / 1024} KiB`;
  const preload = ["--preload", join(import.meta.dir, "page_size.ts")];
  const command = ["env", `TEST_PAGE_SIZE=${bytes}`, process.execPath];
  return report(
    what,
    began,
    count(await runTests(what, command, [...preload, ...PAGE_SIZE_TESTS])),
  );
}

/** What stands in the way of emulation on this machine. */
function whatHinders(): string | undefined {
  const probe = Bun.spawnSync(["sh", ENTER, FOLDER, "true"]);
  return probe.success ? undefined : probe.stderr.toString().trim();
}

prepare();
const hindrance = whatHinders();
// Beside the unit tests, one after the other.
const inTurn = PAGE_SIZES.map((bytes) => () => pageSizeTests(bytes));
let unit: Promise<Counts> | undefined;
if (hindrance === undefined) {
  const { bunPackage } = architectureOf("aarch64");
  const tarballs = process.env["NPM_TARBALLS"];
  unit = unitTests(findRuntime(bunPackage, { top: TOP, tarballs }));
  inTurn.unshift(smokeTest, () => scanLibTests(Math.max(...PAGE_SIZES)));
} else {
  console.log(`left out what is emulated: enter.sh: ${hindrance}`);
}
using _forks = new StuckForks("qemu-aarch64-static", TOP);
const all: Counts[] = [];
for (const part of inTurn) all.push(await part());
if (unit !== undefined) all.push(await unit);
const passed = all.reduce((sum, one) => sum + one.passed, 0);
const failed = all.reduce((sum, one) => sum + one.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
