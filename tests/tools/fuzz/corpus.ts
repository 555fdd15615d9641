import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CORPUS = join(import.meta.dir, "corpus");
/** What is larger is no use to whoever reads it, and slow. */
const LARGEST_BYTES = 4096;

/** Where the inputs of a target are kept. */
export function corpusFolder(target: string): string {
  return join(CORPUS, target);
}

/** The beginning of a file of /proc, without where this program lies: it may be kept. */
export function sampleOf(path: string): Buffer {
  const text = readFileSync(path, "latin1").replaceAll(process.execPath, "/usr/bin/bun");
  return Buffer.from(text.slice(0, LARGEST_BYTES), "latin1");
}

/** The kept inputs of a target, in the order of their names. */
export function readCorpus(target: string): Uint8Array[] {
  const folder = corpusFolder(target);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).sort().map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/** Keeps an input, named by its content. @returns its path; undefined when it is too large to be kept. */
export function keepInput(folder: string, input: Uint8Array): string | undefined {
  if (input.length > LARGEST_BYTES) return undefined;
  const path = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, input);
  return path;
}
