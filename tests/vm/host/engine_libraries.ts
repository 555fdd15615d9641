import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileEngine } from "../../tools/fixtures/engines/compile_engine.ts";

const TOP = join(import.meta.dir, "../../..");
const SCAN_LIB = join(TOP, "scan_lib");
const EXAMPLE = join(TOP, "docs/example_engine");

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const done = Bun.spawnSync([...command], { env: { ...process.env, ...environment } });
  if (!done.success) {
    throw new Error(
      `"${command.join(" ")}" failed:\n${done.stdout.toString()}${done.stderr.toString()}`,
    );
  }
}

/**
 * Builds the scan library, the example engine by its Makefile, and watcher.c,
 * both against the library as it is installed.
 * @param folder where libetmemd_scan.so, idle_twice.so and watcher.so go.
 * @throws {Error} with what the tools said.
 */
export function buildEngineLibraries(folder: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "etmem-engines-"));
  try {
    const build = ["sh", join(SCAN_LIB, "build.sh"), folder];
    run(build);
    run([...build, "install"], { PREFIX: scratch, LIBDIR: join(scratch, "lib") });
    run(["make", "-s", "-C", scratch, "-f", join(EXAMPLE, "Makefile"), `VPATH=${EXAMPLE}`], {
      PKG_CONFIG_PATH: join(scratch, "lib/pkgconfig"),
    });
    run(["install", "-m", "0500", join(scratch, "idle_twice.so"), folder]);
    const flags = [`-L${folder}`, "-letmemd_scan", "-Wl,-z,defs"];
    compileEngine("watcher.c", flags, join(folder, "watcher.so"));
    chmodSync(join(folder, "watcher.so"), 0o500);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
