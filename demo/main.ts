import { mkdtempSync } from "node:fs";
import { formatOptionList, formatSynopsis } from "../src/options/format_options.ts";
import type { OptionTable } from "../src/options/option.ts";
import { parseOptions } from "../src/options/parse_options.ts";
import { UsageError } from "../src/options/usage_error.ts";
import { versionLine } from "../src/options/version.ts";
import { integerKind } from "../src/options/value_kinds.ts";
import { Caretaker } from "./caretaker.ts";
import { type DemoSettings, runDemo } from "./run_demo.ts";
import { SetupError } from "./setup_error.ts";

/** On a disk, not in memory, and only root may enter it. */
const FOLDER = "/var/tmp/etmem-demo-";

const PARENT_POLL_MS = 500;

const OPTIONS = {
  keys: {
    long: "keys",
    about: "values of 1000 bytes in the store; default 300000",
    value: integerKind("N", 1000, 10_000_000),
  },
  seconds: {
    long: "seconds",
    about:
      "how long each tracker is watched at work; default 20. The load alone is watched half as long, 10 s at most",
    value: integerKind("N", 1, 3600),
  },
  block: {
    long: "block",
    about: "use one key in 1500 and no other, instead of all by Zipf's law",
  },
  ownStore: { long: "own-store", about: "do without Redis: use the demo's own store" },
} as const satisfies OptionTable;

/** @returns undefined after printing help or version. @throws {UsageError} */
function readSettings(args: readonly string[]): DemoSettings | undefined {
  const parsed = parseOptions("npm run demo --", OPTIONS, args);
  if (parsed.info !== undefined) {
    const usage = `usage: npm run demo -- ${formatSynopsis(OPTIONS)}\n\n`;
    const help = usage + formatOptionList(Object.values(OPTIONS));
    console.log((parsed.info === "help" ? help : versionLine("etmem demo")).trimEnd());
    return undefined;
  }
  const { keys = 300_000, seconds = 20, ownStore, block } = parsed.options;
  return { keys, seconds, ownStore, block };
}

/** Runs the demo and takes everything away again. @returns whether it showed what it should. */
async function perform(settings: DemoSettings, abort: AbortController): Promise<boolean> {
  const caretaker = new Caretaker();
  let isRight = false;
  try {
    const folder = mkdtempSync(FOLDER);
    caretaker.entrust({ kind: "folder", path: folder });
    isRight = await runDemo(settings, folder, caretaker, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) console.error("\nInterrupted");
    else if (error instanceof SetupError) console.error(`Cannot run the demo: ${error.message}`);
    else {console.error(
        `The demo broke off: ${error instanceof Error ? error.stack : String(error)}`,
      );}
  }
  const left = await caretaker.finish();
  for (const line of left) console.error(`Left behind: ${line}`);
  if (left.length === 0) console.log("Everything that the demo brought in is taken away again");
  return isRight && left.length === 0;
}

/** Ends the demo with its parent: npm passes SIGTERM on to a shell, which passes it no further. */
function watchParent(abort: AbortController): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) abort.abort();
  }, PARENT_POLL_MS).unref();
}

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2));
    if (settings === undefined) return 0;
    if (process.getuid?.() !== 0) throw new SetupError("it needs root");
    const abort = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => abort.abort());
    }
    watchParent(abort);
    return await perform(settings, abort) ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) console.error(error.message);
    else if (error instanceof SetupError) console.error(`Cannot run the demo: ${error.message}`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exit(await main());
