import { join } from "node:path";
import { compileC } from "../compile_c.ts";

const MORE: Readonly<Record<string, readonly string[]>> = {
  workload: ["requests.c", "latencies.c"],
  model: ["requests.c", "latencies.c"],
  reclaim: [],
};

/** The C programs of the workloads. */
export type ProgramName = "workload" | "model" | "reclaim";

/**
 * Compiles one, statically, so that it runs in the test VM too. @returns the executable.
 * @throws {Error} with gcc's messages.
 */
export function compileProgram(name: ProgramName, folder: string): string {
  const here = (file: string): string => join(import.meta.dir, file);
  const more = (MORE[name] ?? []).map(here);
  return compileC(here(`${name}.c`), folder, ["-static", ...more, "-lm"]);
}
