import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { ServerStatus } from "../../../../src/status/server_status.ts";
import { run } from "./command.ts";

export const CONF_DIR = "/etc/etmem/conf.d";
/** The name that comes with the package. */
export const SOCKET = "etmemd_socket";

/**
 * Runs a client command that must succeed, by the installed program. @returns its standard output.
 */
export function etmem(...args: readonly string[]): string {
  return run("/usr/bin/etmem", ...args, "-s", SOCKET);
}

/** The projects, newest first: `a started persistent`. */
export function shownProjects(): string[] {
  const { projects } = JSON.parse(etmem("status", "--json")) as ServerStatus;
  return projects.map(({ name, started, persistent }) =>
    `${name} ${started ? "started" : "stopped"} ${persistent ? "persistent" : "passing"}`
  );
}

/** Waits until the server has exactly these projects. */
export function untilProjects(...expected: readonly string[]): Promise<true> {
  return waitFor(`the projects ${expected.join(", ")}`, () => {
    return Bun.deepEquals(shownProjects(), expected);
  }, { firstPauseMs: 100 });
}

/** The service's main process; 0 when it has none. */
export function mainPid(): number {
  return Number(run("systemctl", "show", "-p", "MainPID", "--value", "etmemd"));
}

/** What the unit's processes have logged since the machine was booted. */
export function journal(): string {
  return run("journalctl", "--no-pager", "-o", "cat", "-u", "etmemd");
}

/** Writes a configuration of one slide task that makes short rounds. */
export function writeConf(path: string, project: string, targetPid: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const text = `[project]\nname=${project}\nloop=1\ninterval=1\nsleep=1\n` +
    `[engine]\nname=slide\nproject=${project}\n` +
    `[task]\nname=cold\nproject=${project}\nengine=slide\ntype=pid\nvalue=${targetPid}\nT=1\nstall_limit=no\n`;
  writeFileSync(path, text, { mode: 0o600 });
}

/** Everything in the environment that a process was started with. */
export function environmentOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter((one) => one !== "");
}
