import { copyFileSync } from "node:fs";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { buildProgram } from "./c_program.ts";

/**
 * Compiles live_test.c, which scans real processes in the test VM, into one static executable.
 * @throws {Error} with the compiler's messages.
 */
export function buildLiveTest(executable: string): void {
  using folder = new ScratchFolder();
  const program = { sources: ["live_test.c", "live_child.c"], wraps: ["open"] };
  copyFileSync(buildProgram(program, "static", folder.path), executable);
}
