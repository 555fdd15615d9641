import { basename, join } from "node:path";

/**
 * Compiles a C program of the benchmarks.
 * @param more further sources and options.
 * @returns the executable. @throws {Error} with gcc's messages.
 */
export function compileC(source: string, folder: string, more: readonly string[] = []): string {
  const executable = join(folder, basename(source, ".c"));
  const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];
  const gcc = Bun.spawnSync(["gcc", ...flags, "-o", executable, source, ...more]);
  if (!gcc.success) throw new Error(`Cannot compile "${source}": ${gcc.stderr.toString()}`);
  return executable;
}
