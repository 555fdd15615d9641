import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const HERE = import.meta.dir;
const TOP = join(HERE, "../../..");

/** The sources of libetmemd_scan, its public headers, and the script that builds it. */
export const SCAN_LIB = join(TOP, "scan_lib");

/** Warnings that the library and its tests are free of. */
export const WARNINGS = ["-Wall", "-Wextra", "-Werror"] as const;

/** How a test program is compiled and run. */
export type Variant = "plain" | "sanitized" | "valgrind" | "static";

/** A C program of the tests. */
export interface CProgram {
  /** Its sources in this folder; those of the library are added. */
  readonly sources: readonly string[];
  /** Functions that the program takes the place of. */
  readonly wraps?: readonly string[];
}

const VARIANT_FLAGS: Readonly<Record<Variant, readonly string[]>> = {
  plain: ["-O2"],
  sanitized: ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  valgrind: ["-O1", "-g"],
  static: ["-O2", "-static"],
};

const VALGRIND = ["valgrind", "-q", "--leak-check=full", "--error-exitcode=9"];

/** Runs a command. @returns what it wrote to standard output. @throws {Error} with all it wrote. */
export function run(command: readonly string[], environment: Record<string, string> = {}): string {
  const { success, exitCode, signalCode, stdout, stderr } = Bun.spawnSync([...command], {
    env: { ...process.env, ...environment },
  });
  if (success) return stdout.toString();
  const ended = signalCode ?? `status ${exitCode}`;
  throw new Error(
    `"${command.join(" ")}" ended with ${ended}:\n${stdout.toString()}${stderr.toString()}`,
  );
}

/** Compiles C sources. @throws {Error} with the compiler's messages. */
export function compileC(executable: string, arguments_: readonly string[]): void {
  run(["gcc", "-std=c11", ...WARNINGS, "-o", executable, ...arguments_]);
}

/** The library's own C files. */
function librarySources(): string[] {
  const folder = join(SCAN_LIB, "src");
  return readdirSync(folder).filter((name) => name.endsWith(".c")).map((name) =>
    join(folder, name)
  );
}

/** What the library and the programs that are linked with its sources are compiled with. */
function compileFlags(variant: Variant): string[] {
  const includes = [`${SCAN_LIB}/include`, `${SCAN_LIB}/src`, HERE].map((folder) => `-I${folder}`);
  return ["-D_POSIX_C_SOURCE=200809L", ...VARIANT_FLAGS[variant], ...includes];
}

/** Compiles the library's sources, once for each folder and variant. @returns the object files. */
function libraryObjects(variant: Variant, folder: string): string[] {
  const sources = librarySources();
  const objects = sources.map((source) => join(folder, `${basename(source, ".c")}-${variant}.o`));
  for (const [i, object] of objects.entries()) {
    if (!existsSync(object)) compileC(object, [...compileFlags(variant), "-c", sources[i] ?? ""]);
  }
  return objects;
}

/** Compiles a test program and links it with the library's objects. @returns the executable. */
export function buildProgram(program: CProgram, variant: Variant, folder: string): string {
  const executable = join(folder, `${basename(program.sources[0] ?? "", ".c")}-${variant}`);
  compileC(executable, [
    ...compileFlags(variant),
    ...program.sources.map((source) => join(HERE, source)),
    join(HERE, "check.c"),
    ...libraryObjects(variant, folder),
    ...(program.wraps ?? []).map((name) => `-Wl,--wrap=${name}`),
    "-pthread",
  ]);
  return executable;
}

/**
 * Runs a test program. @returns the number of its checks.
 * @throws {Error} with what it wrote if one failed.
 */
export function runProgram(
  executable: string,
  variant: Variant,
  ...args: readonly string[]
): number {
  const prefix = variant === "valgrind" ? VALGRIND : [];
  const output = run([...prefix, executable, ...args]);
  const checks = /^(\d+) checks, 0 failed$/m.exec(output)?.[1];
  if (checks === undefined) throw new Error(`"${executable}" did not end well:\n${output}`);
  return Number(checks);
}

/** Whether a compiler or another tool is installed on this machine. */
export function isThere(command: string): boolean {
  return Bun.which(command) !== null;
}

/** clang by the name it has here, with or without its version. */
export const CLANG: string =
  Array.from({ length: 10 }, (_, n) => `clang-${22 - n}`).find(isThere) ?? "clang";
