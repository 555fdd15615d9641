import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { threadCpuUs } from "../../../ffi/libc.ts";
import { stackOf } from "../../../src/text/message_of.ts";
import { corpusFolder, keepInput, readCorpus } from "./corpus.ts";
import { CoverageWatch, type CoveredShare } from "./coverage_watch.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { mutated } from "./mutated.ts";

/** How long a target is run, and what is done with what it finds. */
export interface RunOptions {
  readonly seed: number;
  /** Inputs besides the corpus; with `seconds` whichever comes first. */
  readonly cases: number;
  readonly seconds: number;
  /** Whether inputs that reach a new place join the corpus in the repository. */
  readonly keep: boolean;
}

/** What came of it. */
export interface TargetResult {
  readonly corpus: number;
  readonly cases: number;
  readonly kept: number;
  readonly seconds: number;
  readonly covered: CoveredShare;
  /** What is wrong, with the smallest input that shows it. */
  readonly finding?: string;
}

/** Inputs made before the pool of what reached something new is looked at again. */
const BATCH = 1000;

/** What takes more CPU time, of inputs this small, is a finding. */
const SLOWEST_US = 10_000_000;

/**
 * Runs the corpus, then inputs that are made up,
 * half of them from those that reached something new, until the first finding.
 */
export async function runTarget(
  target: FuzzTarget,
  options: RunOptions,
): Promise<TargetResult> {
  const began = performance.now();
  const spent = (): number => (performance.now() - began) / 1000;
  const watch = new CoverageWatch(target.sources);
  const pool: Uint8Array[] = [];
  let kept = 0;
  const result = (cases: number, finding?: string): TargetResult => ({
    corpus: corpus.length,
    cases,
    kept,
    seconds: spent(),
    covered: watch.share(),
    ...(finding === undefined ? {} : { finding }),
  });

  const corpus = readCorpus(target.name);
  for (const input of corpus) {
    try {
      target.check(input);
    } catch (error) {
      return result(0, describe(target, input, error));
    }
    watch.look();
    pool.push(input);
  }

  let cases = 0;
  const property = (input: Uint8Array): void => {
    const start = threadCpuUs();
    target.check(input);
    const tookUs = threadCpuUs() - start;
    if (tookUs > SLOWEST_US) throw new Error(`it took ${Math.round(tookUs / 1000)} ms`);
    const novelty = watch.look();
    if (novelty === "nothing") return;
    pool.push(input);
    if (novelty !== "another place" || !options.keep) return;
    if (keepInput(corpusFolder(target.name), input) !== undefined) kept++;
  };
  while (cases < options.cases && spent() < options.seconds) {
    const inputs = pool.length === 0 ? target.inputs : fc.oneof(
      target.inputs,
      mutated(fc.oneof(fc.constantFrom(...pool), target.inputs), target.tokens),
    );
    const numRuns = Math.min(BATCH, options.cases - cases);
    const outcome = fc.check(fc.property(inputs, property), {
      numRuns,
      // fast-check takes 32 bits.
      seed: (options.seed + cases) | 0,
      interruptAfterTimeLimit: Math.max(1, (options.seconds - spent()) * 1000),
    });
    cases += outcome.numRuns;
    // What the inputs have set off in the event loop is done here.
    await Bun.sleep(0);
    if (outcome.counterexample !== null) {
      return result(cases, describe(target, outcome.counterexample[0], outcome.errorInstance));
    }
  }
  return result(cases);
}

/**
 * The input goes to a file of its own, so that it can be looked at and become a regression test.
 */
function describe(target: FuzzTarget, input: Uint8Array, error: unknown): string {
  const path = keepInput(join(tmpdir(), "etmem-fuzz", target.name), input);
  const reason = stackOf(error);
  const text = JSON.stringify(Buffer.from(input).toString("latin1"))
    .replaceAll(/[\x7f-\x9f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16)}`);
  return `${reason}\nthe input ${path ?? ""} is ${text.slice(0, 2000)}`;
}
