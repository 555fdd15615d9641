import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CORPUS = join(import.meta.dir, "corpus");
const SAMPLES = join(import.meta.dir, "samples");
/** What is larger is no use to whoever reads it, and slow. */
const LARGEST_BYTES = 4096;

/** Where the inputs of a target are kept. */
export function corpusFolder(target: string): string {
  return join(CORPUS, target);
}

/** The beginning of a file of /proc as it once was: the same in every run, as the seed demands. */
export function sampleOf(
  file: "maps" | "meminfo" | "smaps" | "stat" | "status" | "zoneinfo",
): Buffer {
  return readFileSync(join(SAMPLES, file));
}

/** The kept inputs of a target, in the order of their names. */
export function readCorpus(target: string): Uint8Array[] {
  const folder = corpusFolder(target);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).sort().map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/**
 * Keeps an input, named by its content.
 * @returns its path; undefined when it is too large to be kept.
 */
export function keepInput(folder: string, input: Uint8Array): string | undefined {
  if (input.length > LARGEST_BYTES) return undefined;
  const path = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, input);
  return path;
}
