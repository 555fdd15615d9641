import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerUnderTest } from "./server_under_test.ts";

/** Seconds between two rounds and two scans of a project. */
export type Pace = 1 | 10;

/**
 * Writes the file of project `pN` with one slide task, `tN`.
 * @param target its keys, such as `type=pid` and `value=4711`. @returns the path.
 */
export function writeProject(
  folder: string,
  number: number,
  target: readonly string[],
  pace: Pace,
): string {
  const path = join(folder, `p${number}.conf`);
  const lines = [
    `[project]\nname=p${number}\nloop=1\ninterval=${pace}\nsleep=${pace}`,
    `[engine]\nname=slide\nproject=p${number}`,
    `[task]\nproject=p${number}\nengine=slide\nname=t${number}\nT=1`,
    ...target,
    "",
  ];
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  return path;
}

/** Adds and starts projects of one task each, by the names `PREFIX-0` on of processes. */
export function startNamedTasks(
  server: ServerUnderTest,
  folder: string,
  { count, prefix, pace }: { readonly count: number; readonly prefix: string; readonly pace: Pace },
): void {
  for (let i = 0; i < count; i++) {
    const file = writeProject(folder, i, ["type=name", `value=${prefix}-${i}`], pace);
    server.etmem("obj", "add", "-f", file);
    server.etmem("project", "start", "-n", `p${i}`);
  }
}
