/** A program of the system failed, or is not there. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** Where system programs are, also for a root whose PATH has no sbin. */
const PATH = `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`;

/**
 * Runs a program of the system to its end. @returns what it printed.
 * @throws {ToolError} in one line.
 */
export function runTool(name: string, ...args: readonly string[]): string {
  const path = Bun.which(name, { PATH });
  if (path === null) throw new ToolError(`there is no ${name} on this machine`);
  const { success, stdout, stderr } = Bun.spawnSync([path, ...args], {
    stdin: "ignore",
    env: { PATH, LC_ALL: "C" },
  });
  if (success) return stdout.toString();
  const reason = stderr.toString().trim().replaceAll(/\s*\n\s*/g, " ");
  throw new ToolError(reason === "" ? `${name} failed` : reason);
}
