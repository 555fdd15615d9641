/** What a program said. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever comes of it. */
export function attempt(...command: readonly string[]): Said {
  const done = Bun.spawnSync([...command], { stdio: ["ignore", "pipe", "pipe"] });
  return {
    status: done.exitCode,
    stdout: done.stdout.toString(),
    stderr: done.stderr.toString(),
  };
}

/**
 * Runs a program that must succeed. @returns its standard output.
 * @throws {Error} with what it said.
 */
export function run(...command: readonly string[]): string {
  const { status, stdout, stderr } = attempt(...command);
  if (status === 0) return stdout;
  throw new Error(`${command.join(" ")}: status ${status}: ${stderr.trim() || stdout.trim()}`);
}
