import { basename } from "node:path";
import { execve } from "../../ffi/process_control.ts";
import { programArguments, RUNTIME_VARIABLES } from "./runtime_variables.ts";

/** What the server is called in /proc/PID/comm, and without its folder in argv[0]. */
export const SERVER_NAME = "etmemd";

/**
 * argv[0] of the server: as it was typed, since scripts look for `/usr/bin/etmemd` with pgrep -f.
 */
export function serverName(): string {
  return basename(process.argv0) === SERVER_NAME ? process.argv0 : SERVER_NAME;
}

/** How a server process was started by the program itself. */
export type StartMark = "foreground" | "background" | "launcher";

/** Holds the StartMark; it is taken out of the environment before anything else is started. */
const MARK = "ETMEMD_STARTED_AS";

/** Variables of the caller that reach the server; nothing that steers Bun or the dynamic linker. */
const ALLOWED = new Set([
  "PATH",
  "LANG",
  "TERM",
  "TZ",
  "NOTIFY_SOCKET",
  "STATE_DIRECTORY",
  "ETMEMD_ENGINE_LIMIT_SECONDS",
]);

/** The environment of a server. */
export function serverEnvironment(mark: StartMark): Record<string, string> {
  const environment: Record<string, string> = { ...RUNTIME_VARIABLES, [MARK]: mark };
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue;
    if (ALLOWED.has(name) || name.startsWith("LC_")) environment[name] = value;
  }
  return environment;
}

/**
 * Takes the StartMark out of the environment.
 * @returns undefined when the program was not started by itself.
 */
export function takeStartMark(): StartMark | undefined {
  const mark = process.env[MARK];
  delete process.env[MARK];
  if (basename(process.argv0) !== SERVER_NAME) return undefined;
  return mark === "foreground" || mark === "background" || mark === "launcher" ? mark : undefined;
}

/**
 * Whether the caller's environment steers the runtime:
 * a wrong variable could end the server together with this process.
 */
export function hasRuntimeVariables(): boolean {
  return Object.keys(process.env).some((name) => name.startsWith("BUN_"));
}

/**
 * Replaces this process by one of the right name in a clean environment; standard input and output
 * stay. @throws {SystemCallError} when execve(2) fails.
 */
export function restartClean(args: readonly string[], mark: StartMark): never {
  const argv = [serverName(), ...programArguments(), ...args];
  execve(process.execPath, argv, serverEnvironment(mark));
}
