/**
 * One program with four roles: the server when it is called `etmemd` or as `etmem etmemd`, the
 * process of a third-party engine when the server starts it as `etmemd-engine`, one that looks
 * at a file as `etmemd-file`, else the client.
 * Each role is loaded only when it is played, so that the client starts fast.
 */
export async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  if (name === "etmemd" || args[0] === "etmemd") {
    const runDaemon = await loadDaemon();
    return runDaemon(name === "etmemd" ? args : args.slice(1));
  }
  if (name === "etmemd-engine") {
    const { runEngineProcess } = await import("./src/engine_process/run_engine_process.ts");
    return runEngineProcess();
  }
  if (name === "etmemd-file") {
    const { runFileProcess } = await import("./src/daemon/run_file_process.ts");
    return runFileProcess(args);
  }
  const { runClient } = await import("./src/cli/run_client.ts");
  return runClient(args);
}

/** Under a limit of memory the server's code cannot be loaded: one line says so. */
async function loadDaemon(): Promise<(args: readonly string[]) => Promise<number>> {
  try {
    return (await import("./src/daemon/run_daemon.ts")).runDaemon;
  } catch (error) {
    const { restartSmall, startFailure } = await import("./src/daemon/start_failure.ts");
    restartSmall(error);
    const line = startFailure(error);
    if (line === undefined) throw error;
    return () => {
      console.error(line);
      return Promise.resolve(1);
    };
  }
}

process.exit(await main());
