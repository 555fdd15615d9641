import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../tools/fixtures/compile.ts";
import { buildLiveTest } from "../../unit/scan_lib/live_program.ts";
import { compileDriver } from "./compile_driver.ts";
import { buildEngineLibraries } from "./engine_libraries.ts";
import { makeRunFolder } from "./run_folder.ts";

const TESTS = join(import.meta.dir, "../..");
const TOP = join(TESTS, "..");

/** C programs that run inside. */
const PROGRAMS = [
  "tools/fixtures/target.c",
  "tools/fixtures/requests_target.c",
  "tools/fixtures/syslog_sink.c",
  "tools/fixtures/take_pid.c",
  "tools/fixtures/forker.c",
  "tools/fixtures/fault_injector.c",
  "tools/fixtures/old_kernel.c",
  "tools/fixtures/zero_pages.c",
  "vm/abitest.c",
];

/**
 * The folder that the machines share with this host: the programs in bin/,
 * and room for their output.
 */
export async function prepareShare(): Promise<string> {
  const share = makeRunFolder("vm");
  mkdirSync(join(share, "bin"));
  copyFileSync(join(TOP, "dist/etmem"), join(share, "bin/etmem"));
  copyFileSync(join(TESTS, "vm/guest/boot.sh"), join(share, "boot.sh"));
  for (const source of PROGRAMS) {
    const executable = compile(join(TESTS, source));
    copyFileSync(executable, join(share, "bin", executable.split("/").at(-1) ?? ""));
  }
  buildLiveTest(join(share, "bin/scan_lib_test"));
  buildEngineLibraries(join(share, "bin"));
  await compileDriver(join(TESTS, "vm/guest/main.ts"), join(share, "bin/guest"));
  return share;
}
