/** Runs a program to its end. @returns its standard output. @throws {Error} with what it said. */
export function run(command: readonly string[], cwd?: string): string {
  const done = Bun.spawnSync([...command], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (done.success) return done.stdout.toString();
  const how = done.signalCode ?? `status ${done.exitCode}`;
  throw new Error(`Cannot run "${command.join(" ")}": ${how}: ${done.stderr.toString().trim()}`);
}
