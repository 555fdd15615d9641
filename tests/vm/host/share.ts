import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../fixtures/compile.ts";
import { buildLiveTest } from "../../scan_lib/live_program.ts";
import { buildEngineLibraries } from "./engine_libraries.ts";

const TESTS = join(import.meta.dir, "../..");
const TOP = join(TESTS, "..");

/** C programs that run inside. */
const PROGRAMS = [
  "fixtures/target.c",
  "fixtures/syslog_sink.c",
  "fixtures/take_pid.c",
  "fixtures/fault_injector.c",
  "vm/abitest.c",
];

const RUNS = join(TESTS, ".cache/vm");

/** Removes what earlier runs left, by the pid in the folder's name; runs that go on keep theirs. */
function removeOldRuns(): void {
  for (const run of readdirSync(RUNS)) {
    if (!existsSync(`/proc/${run}`)) rmSync(join(RUNS, run), { recursive: true, force: true });
  }
}

/** The folder that the machines share with this host: the programs in bin/, and room for their output. */
export async function prepareShare(): Promise<string> {
  const share = join(RUNS, String(process.pid));
  mkdirSync(join(share, "bin"), { recursive: true });
  removeOldRuns();
  copyFileSync(join(TOP, "dist/etmem"), join(share, "bin/etmem"));
  copyFileSync(join(TESTS, "vm/guest/boot.sh"), join(share, "boot.sh"));
  for (const source of PROGRAMS) {
    const executable = compile(join(TESTS, source));
    copyFileSync(executable, join(share, "bin", executable.split("/").at(-1) ?? ""));
  }
  buildLiveTest(join(share, "bin/scan_lib_test"));
  buildEngineLibraries(join(share, "bin"));
  await compileDriver(join(share, "bin/guest"));
  return share;
}

/** Makes one executable of the scenarios. @throws {Error} with the bundler's messages. */
async function compileDriver(outfile: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(TESTS, "vm/guest/main.ts")],
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    throw: false,
  });
  if (!built.success) throw new AggregateError(built.logs, "Cannot compile the guest's driver");
}
