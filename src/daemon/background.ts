import { closeSync, writeSync } from "node:fs";
import { serverEnvironment, serverName } from "./clean_start.ts";
import { programArguments } from "./runtime_variables.ts";

/** The descriptor over which a server in the background reports to the command that started it. */
const REPORT_FD = 3;

/**
 * What the server says once: that it is ready, with a warning if there is one, or why it cannot be.
 */
type Report =
  | { readonly state: "ready"; readonly warning?: string }
  | { readonly state: "failed"; readonly reason: string };

/** @throws {SyntaxError} when it is no report. */
function parseReport(text: string): Report {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("state" in value)) {
    throw new SyntaxError("no report");
  }
  if (value.state === "failed" && "reason" in value && typeof value.reason === "string") {
    return { state: "failed", reason: value.reason };
  }
  if (value.state !== "ready") throw new SyntaxError("no report");
  return "warning" in value && typeof value.warning === "string"
    ? { state: "ready", warning: value.warning }
    : { state: "ready" };
}

/**
 * Starts a server with a session of its own and without standard input and output, and waits until
 * it accepts connections and has written its pid file.
 * @param args what was typed, which is what process lists show of it.
 * @returns a warning of the server's.
 * @throws {Error} with the reason when it could not start; then it has ended.
 */
export async function startInBackground(args: readonly string[]): Promise<string | undefined> {
  const server = Bun.spawn([process.execPath, ...programArguments(), ...args], {
    argv0: serverName(),
    env: serverEnvironment("background"),
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    detached: true,
  });
  const fd = server.stdio[REPORT_FD];
  if (typeof fd !== "number") throw new Error("Cannot start etmemd: there is no pipe to it");
  const text = await Bun.file(fd).text();
  if (text === "") {
    const status = await server.exited;
    const how = server.signalCode === null ? `status ${status}` : `signal ${server.signalCode}`;
    throw new Error(`Cannot start etmemd: it ended with ${how} before it was ready`);
  }
  const outcome = parseReport(text);
  server.unref();
  if (outcome.state === "ready") return outcome.warning;
  await server.exited;
  throw new Error(outcome.reason);
}

/**
 * Tells the command that started this server that it is ready.
 * @throws the error of write(2) when that command is gone.
 */
export function reportReady(warning: string | undefined): void {
  report(warning === undefined ? { state: "ready" } : { state: "ready", warning });
}

/** Tells the command that started this server why it cannot be, if it still can be told. */
export function reportFailure(reason: string): void {
  try {
    report({ state: "failed", reason });
  } catch {
    // The command has gone; the log has the reason.
  }
}

function report(message: Report): void {
  try {
    writeSync(REPORT_FD, JSON.stringify(message));
  } finally {
    closeSync(REPORT_FD);
  }
}
