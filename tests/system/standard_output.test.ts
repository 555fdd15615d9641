import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { ServerProcess } from "./server_process.ts";

const MAIN = join(import.meta.dir, "../../main.ts");

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ held: [] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs one of the programs with a redirection of sh. @returns exit status and standard error. */
function run(redirection: string, ...args: string[]): readonly [number, string] {
  const { exitCode, stderr } = Bun.spawnSync(
    ["sh", "-c", `exec "$@" ${redirection}`, "sh", process.execPath, MAIN, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  return [exitCode, stderr.toString()];
}

const COMMANDS = [
  ["status"],
  ["status", "--json"],
  ["project", "show"],
  ["--help"],
  ["--version"],
  ["etmemd", "--help"],
  ["etmemd", "--version"],
];

test("what cannot be printed is no success: status 1, and standard error says why", () => {
  const reasons = {
    ">&-": "standard output is closed",
    "<&- >&-": "standard output is closed",
    ">/dev/full": "ENOSPC",
  };
  for (const [redirection, reason] of Object.entries(reasons)) {
    for (const args of COMMANDS) {
      const name = args[0] === "etmemd" ? "etmemd" : "etmem";
      const line = `${name}: Cannot write the answer: ${reason}\n`;
      const needsServer = args[0] !== "etmemd" && !args[0]?.startsWith("--");
      const socket = needsServer ? ["-s", server.name] : [];
      expect([redirection, ...run(redirection, ...args, ...socket)]).toEqual([
        redirection,
        1,
        line,
      ]);
    }
  }
  expect(run(">&- 2>&-", "--help")).toEqual([1, ""]);
});

test("/dev/null takes an answer, and a command that prints nothing needs no output", () => {
  const absent = `/nonexistent-${server.name}`;
  for (const redirection of [">/dev/null", "1<>/dev/null", "<&- >/dev/null", "2>&-"]) {
    expect(run(redirection, "status", "-s", server.name)).toEqual([0, ""]);
  }
  expect(run(">&-", "status", "--restart-safe", "-s", server.name)).toEqual([0, ""]);
  const [status, stderr] = run(">&-", "obj", "add", "-f", absent, "-s", server.name);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(absent) });
});
