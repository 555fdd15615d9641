import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";
import { CLANG, isThere, SCAN_LIB, WARNINGS } from "../../unit/scan_lib/c_program.ts";
import { corpusFolder } from "./corpus.ts";
import type { RunOptions } from "./run_target.ts";

const SOURCES = join(import.meta.dir, "c");
const MAX_INPUT_BYTES = 512;

/** The C programs that are fuzzed, in tests/tools/fuzz/c/NAME_fuzz.c. */
export const C_TARGETS = ["idle_stream", "vma_text"] as const;

/** What came of one. */
export interface CTargetResult {
  readonly corpus: number;
  readonly cases: number;
  readonly kept: number;
  readonly seconds: number;
  /** Edges of the control flow that were taken; undefined without libFuzzer. */
  readonly edges?: number;
  readonly finding?: string;
}

function run(command: readonly string[]): { readonly ok: boolean; readonly output: string } {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { stdin: "ignore" });
  return { ok: success, output: stdout.toString() + stderr.toString() };
}

/** The compiler by which this machine can build a fuzzer, and what it needs for that. */
function toolchain(): { readonly compiler: string; readonly hasLibFuzzer: boolean } {
  if (isThere(CLANG)) {
    // The runtime libraries are a package of their own (libclang-rt-14-dev, compiler-rt).
    using folder = new ScratchFolder();
    const source = join(folder.path, "probe.c");
    writeFileSync(
      source,
      "int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n ? 0 : 0; }\n",
    );
    const probe = join(folder.path, "probe");
    const built = run([CLANG, "-fsanitize=fuzzer,address", "-o", probe, source]);
    if (built.ok) return { compiler: CLANG, hasLibFuzzer: true };
  }
  return { compiler: "gcc", hasLibFuzzer: false };
}

const FLAGS = [
  "-std=c11",
  "-D_POSIX_C_SOURCE=200809L",
  "-O1",
  "-g",
  ...WARNINGS,
  "-fno-sanitize-recover=all",
  `-I${SCAN_LIB}/include`,
  `-I${SCAN_LIB}/src`,
];

function librarySources(): string[] {
  const folder = join(SCAN_LIB, "src");
  return readdirSync(folder).filter((name) => name.endsWith(".c")).map((name) =>
    join(folder, name)
  );
}

/** How many inputs a target has. */
function inputsOf(name: string): number {
  mkdirSync(corpusFolder(name), { recursive: true });
  return readdirSync(corpusFolder(name)).length;
}

/**
 * Builds a C target with AddressSanitizer and UBSan and runs it: under libFuzzer where clang has
 * it, otherwise under the generator of without_libfuzzer.c.
 */
export function runCTarget(name: (typeof C_TARGETS)[number], options: RunOptions): CTargetResult {
  using folder = new ScratchFolder();
  const { compiler, hasLibFuzzer } = toolchain();
  const executable = join(folder.path, name);
  const built = run([
    compiler,
    `-fsanitize=${hasLibFuzzer ? "fuzzer," : ""}address,undefined`,
    "-o",
    executable,
    ...FLAGS,
    join(SOURCES, `${name}_fuzz.c`),
    ...(hasLibFuzzer ? [] : [join(SOURCES, "without_libfuzzer.c")]),
    ...librarySources(),
  ]);
  const corpus = inputsOf(name);
  if (!built.ok) return { corpus, cases: 0, kept: 0, seconds: 0, finding: built.output };

  const began = performance.now();
  const found = join(folder.path, "corpus");
  const artifacts = join(tmpdir(), "etmem-fuzz");
  mkdirSync(found);
  mkdirSync(artifacts, { recursive: true });
  const seconds = Number.isFinite(options.seconds) ? Math.max(1, Math.round(options.seconds)) : 0;
  const cases = Number.isFinite(options.cases) ? options.cases : 0;
  const { ok, output } = hasLibFuzzer
    ? run([
      executable,
      found,
      corpusFolder(name),
      ...(cases > 0 ? [`-runs=${cases}`] : []),
      ...(seconds > 0 ? [`-max_total_time=${seconds}`] : []),
      `-max_len=${MAX_INPUT_BYTES}`,
      `-seed=${options.seed}`,
      `-artifact_prefix=${artifacts}/${name}-`,
      "-print_final_stats=1",
    ])
    : run([
      executable,
      corpusFolder(name),
      String(seconds),
      String(cases),
      String(options.seed),
    ]);
  const numberIn = (pattern: RegExp): number =>
    Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  if (ok && hasLibFuzzer && options.keep) {
    run([executable, "-merge=1", `-max_len=${MAX_INPUT_BYTES}`, corpusFolder(name), found]);
  }
  return {
    corpus,
    cases: numberIn(/stat::number_of_executed_units: (\d+)/g),
    kept: inputsOf(name) - corpus,
    seconds: (performance.now() - began) / 1000,
    ...(hasLibFuzzer ? { edges: numberIn(/cov: (\d+)/g) } : {}),
    ...(ok ? {} : { finding: output.slice(-4000) }),
  };
}
