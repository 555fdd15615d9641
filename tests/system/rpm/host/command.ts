/** Runs a program to its end. @returns its standard output. @throws {Error} with what it said. */
export function run(...command: readonly string[]): string {
  const done = Bun.spawnSync([...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      LC_ALL: "C.UTF-8",
      PATH: `${process.env["PATH"] ?? ""}:/sbin:/usr/sbin`,
    },
  });
  const [stdout, stderr] = [done.stdout.toString(), done.stderr.toString()];
  if (done.success) return stdout;
  throw new Error(`${command.join(" ")}: status ${done.exitCode}: ${stderr}${stdout}`);
}
