import { parseArgs } from "node:util";
import { instrumentSources } from "./instrument.ts";

/**
 * Fuzzes the parsers, one target after the other. Its last line is "N passed, N failed",
 * a target each.
 *
 *   --target NAME   only this one; may be repeated
 *   --seconds N     for all targets together (default 60)
 *   --cases N       for each target, whatever time that takes; without --seconds
 *   --seed N        default: another one each time; it is printed
 *   --dry           new inputs do not join tests/tools/fuzz/corpus
 */
const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true, default: [] },
    seconds: { type: "string" },
    cases: { type: "string" },
    seed: { type: "string" },
    dry: { type: "boolean", default: false },
  },
});

function numberOf(option: "seconds" | "cases" | "seed"): number | undefined {
  const text = values[option];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`Cannot take "${text}" for --${option}: it is no whole number`);
  }
  return number;
}

// Before anything of src is loaded.
instrumentSources();
const { TARGETS } = await import("./targets.ts");
const { runTarget } = await import("./run_target.ts");

const { C_TARGETS, runCTarget } = await import("./run_c_target.ts");

const known: readonly string[] = [...TARGETS.map(({ name }) => name), ...C_TARGETS];
const unknown = values.target.find((name) => !known.includes(name));
if (unknown !== undefined) {
  throw new RangeError(`Cannot fuzz "${unknown}": the targets are ${known.join(", ")}`);
}
const isChosen = (name: string): boolean =>
  values.target.length === 0 || values.target.includes(name);
const chosen = known.filter(isChosen);
const cases = numberOf("cases");
const seed = numberOf("seed") ?? Math.floor(Math.random() * 2 ** 31);
const options = {
  seed,
  cases: cases ?? Infinity,
  seconds: (numberOf("seconds") ?? (cases === undefined ? 60 : Infinity)) / chosen.length,
  keep: !values.dry,
};
let failed = 0;

/** One row of the table, and what is wrong. */
function report(name: string, result: Row, covered: string): void {
  console.log([
    name.padEnd(17),
    String(result.corpus).padStart(6),
    String(result.cases).padStart(10),
    String(result.kept).padStart(5),
    result.seconds.toFixed(1).padStart(6),
    covered,
  ].join(" "));
  if (result.finding === undefined) return;
  failed++;
  console.log(`not ok ${name}: ${result.finding}`);
}

interface Row {
  readonly corpus: number;
  readonly cases: number;
  readonly kept: number;
  readonly seconds: number;
  readonly finding?: string;
}

console.log(`seed ${seed}`);
console.log("target            corpus      cases  kept      s     lines  branches");
for (const target of TARGETS.filter(({ name }) => isChosen(name))) {
  const result = await runTarget(target, options);
  const { lines, coveredLines, branches, coveredBranches, missing } = result.covered;
  const share = (part: number, whole: number): string =>
    `${((100 * part) / whole).toFixed(1)} %`.padStart(9);
  report(target.name, result, `${share(coveredLines, lines)} ${share(coveredBranches, branches)}`);
  if (values.target.length > 0 && missing.length > 0) {
    console.log(`  never run: ${missing.join(" ")}`);
  }
}
for (const name of C_TARGETS.filter(isChosen)) {
  const result = runCTarget(name, options);
  report(name, result, result.edges === undefined ? "  (no libFuzzer)" : `  ${result.edges} edges`);
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
