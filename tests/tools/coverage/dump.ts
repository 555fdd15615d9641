import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";

/**
 * Goes into each module of an instrumented copy of the program: writes what its process or thread
 * has executed to a file of its own, again and again, since many of them are killed in the end.
 */

/** Replaced by the folder when the copy is made. */
const FOLDER = "COVERAGE_FOLDER";
const INTERVAL_MS = 200;

type Counters = Readonly<Record<string, { readonly s: Readonly<Record<string, number>> }>>;

const file = join(FOLDER, `${process.pid}-${threadId}-${Date.now()}.json`);
let lastSum = -1;

function dump(): void {
  const all = Reflect.get(globalThis, "__coverage__") as Counters | undefined;
  if (all === undefined) return;
  let sum = 0;
  for (const { s } of Object.values(all)) for (const id in s) sum += s[id] ?? 0;
  if (sum === lastSum) return;
  lastSum = sum;
  const counts = Object.fromEntries(Object.entries(all).map(([path, { s }]) => [path, s]));
  try {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, JSON.stringify(counts));
  } catch {
    // A full disk, no descriptor left, another root: others are measured all the same.
  }
}

Reflect.set(globalThis, "dumpCoverage", dump);
if (!isMainThread) {
  // A worker may be terminated at any time after its answer.
  const post: typeof postMessage = globalThis.postMessage.bind(globalThis);
  globalThis.postMessage = (...args: unknown[]): void => {
    dump();
    Reflect.apply(post, undefined, args);
  };
}
process.on("exit", dump);
setInterval(dump, INTERVAL_MS).unref();
