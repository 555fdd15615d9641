import { expect, test } from "bun:test";
import { join } from "node:path";

const SRC = join(import.meta.dir, "../../../src");

/** Runs a script beside a StopRequest, with the log on standard error. */
function run(script: string): { status: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync([
    process.execPath,
    "-e",
    `import { StopRequest } from ${JSON.stringify(`${SRC}/daemon/stop_request.ts`)};
     import { configureLog } from ${JSON.stringify(`${SRC}/log/logger.ts`)};
     configureLog("info", [(level, line) => console.error(level + ": " + line)]);
     const stop = new StopRequest();
     setInterval(() => undefined, 1000);
     stop.requested.then((status) => {
       console.error("stops with " + status + ", " + stop.signal.reason.message);
       process.exit(status);
     });
     ${script}`,
  ]);
  return { status: exitCode, stderr: stderr.toString() };
}

test("StopRequest asks for status 1 when something is thrown that nobody catches, and logs its stack", () => {
  for (
    const fault of [
      "setTimeout(() => { throw new Error('lost'); }, 1);",
      "Promise.reject(new Error('lost'));",
      "stop.fail(new Error('lost')); stop.fail(new Error('again'));",
    ]
  ) {
    const { status, stderr } = run(fault);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: fault: Error: lost \| +at /);
    expect(stderr).toEndWith(
      "stops with 1, error: etmemd has internal error: etmemd is stopping\n",
    );
  }
});

test("StopRequest asks for status 0 at a signal, and to hurry at the second", () => {
  const { status, stderr } = run(
    "stop.hurry.then(() => console.error('hurries'));" +
      "process.kill(process.pid, 'SIGHUP'); process.kill(process.pid, 'SIGINT');",
  );
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr:
      "info: SIGINT: stopping\nstops with 0, error: etmemd has internal error: etmemd is stopping\n",
  });
});
