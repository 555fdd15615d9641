import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInstrumenter } from "istanbul-lib-instrument";
import { trackedFiles } from "../fixtures/tracked_files.ts";

const TOP = join(import.meta.dir, "../../..");

/**
 * Calls from which a process does not come back, and answers after which the server kills it: what
 * it has executed is written before.
 */
const LAST_CALLS = /\b(?:libc\.(?=(?:execve|_exit|kill)\()|channel\.(?=say\())/g;

/** The same object, once the counts are written. */
function dumpFirst(object: string): string {
  return `((globalThis as { dumpCoverage?: () => void }).dumpCoverage?.(), ${
    object.slice(0, -1)
  }).`;
}

/** Lines of a file on which a statement begins, by the id of the statement. */
export type StatementLines = Readonly<Record<string, number>>;

/** What was instrumented: by path relative to the top. */
export type Instrumented = ReadonlyMap<string, StatementLines>;

/**
 * Copies the repository to a folder, with the modules of src and ffi counting what they execute, in
 * whatever process or thread they run: that of the tests, workers, and the compiled executable.
 * @param copy the folder. @param results where counts are written to.
 */
export function makeInstrumentedCopy(copy: string, results: string): Instrumented {
  const instrumenter = createInstrumenter({
    esModules: true,
    compact: false,
    parserPlugins: ["typescript", "explicitResourceManagement"],
  });
  const instrumented = new Map<string, StatementLines>();
  for (const file of trackedFiles(TOP)) {
    const to = join(copy, file);
    mkdirSync(dirname(to), { recursive: true });
    if (!/^(?:src|ffi)\/.*\.ts$/.test(file)) {
      cpSync(join(TOP, file), to, { verbatimSymlinks: true });
      continue;
    }
    const source = readFileSync(join(TOP, file), "utf8").replace(
      LAST_CALLS,
      dumpFirst,
    );
    const code = instrumenter.instrumentSync(source, file);
    const { statementMap } = instrumenter.lastFileCoverage();
    instrumented.set(
      file,
      Object.fromEntries(Object.entries(statementMap).map(([id, { start }]) => [id, start.line])),
    );
    writeFileSync(
      to,
      `import ${JSON.stringify(join(copy, "tests/tools/coverage/dump.ts"))};\n${code}`,
    );
  }
  const dump = join(copy, "tests/tools/coverage/dump.ts");
  writeFileSync(dump, readFileSync(dump, "utf8").replace("COVERAGE_FOLDER", results));
  symlinkSync(join(TOP, "node_modules"), join(copy, "node_modules"));
  return instrumented;
}
