import { readFileSync } from "node:fs";

/**
 * Sizes of /proc/PID/status in bytes (proc_pid_status(5)). @throws {Error} when a size is missing.
 */
export function sizesOf<const Name extends string>(
  pid: number | "self",
  names: readonly Name[],
): Record<Name, number> {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  const entries = names.map((name) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    if (kilobytes === undefined) throw new Error(`Cannot find "${name}" of process ${pid}`);
    return [name, Number(kilobytes) * 1024] as const;
  });
  return Object.fromEntries(entries) as Record<Name, number>;
}
