/**
 * What the server and the process that hosts an engine tell each other: one JSON object a line, over a
 * socket of their own. The server asks one thing at a time; both are the same program.
 */

/** [project] as the engine sees it. */
export interface HostedProject {
  readonly name: string;
  readonly loop: number;
  readonly intervalSeconds: number;
  readonly sleepSeconds: number;
  readonly sysmemThresholdPercent?: number;
  readonly swapcacheWmark?: { readonly lowPercent: number; readonly highPercent: number };
}

/** [task] as the engine sees it. */
export interface HostedTask {
  readonly name: string;
  readonly type: "pid" | "name";
  readonly value: string;
  readonly maxThreads: number;
  readonly swapFlag: boolean;
}

/** What the server asks for. */
export type HostRequest =
  | {
    /** Check and load the library. */
    readonly ask: "load";
    readonly engine: string;
    readonly project: HostedProject;
    readonly libname: string;
    readonly opsName: string;
  }
  | { readonly ask: "fill_engine"; readonly keyFileText: string }
  | { readonly ask: "fill_task"; readonly task: HostedTask; readonly keyFileText: string }
  | { readonly ask: "start_task"; readonly task: string; readonly pids: readonly number[] }
  | { readonly ask: "stop_task"; readonly task: string }
  | { readonly ask: "clear_task"; readonly task: string }
  /** A socket for the answer was sent before, over the socket for descriptors. */
  | { readonly ask: "command"; readonly task?: string; readonly command: string }
  /** Clear the engine, unload the library and end. */
  | { readonly ask: "end" };

/** What the host says. A request is answered by one `done` or `refused`. */
export type HostReport =
  | { readonly say: "ready" }
  /** The engine's code is entered now: an operation, or "loading" for what runs when it is loaded. */
  | { readonly say: "calling"; readonly operation: string }
  | { readonly say: "done"; readonly operations?: readonly string[] }
  | { readonly say: "refused"; readonly message: string };

const ASKED: ReadonlySet<unknown> = new Set<HostRequest["ask"]>([
  "load",
  "fill_engine",
  "fill_task",
  "start_task",
  "stop_task",
  "clear_task",
  "command",
  "end",
]);
const SAID: ReadonlySet<unknown> = new Set<HostReport["say"]>([
  "ready",
  "calling",
  "done",
  "refused",
]);

/** One message as a line. */
export function formatMessage(message: HostRequest | HostReport): string {
  return `${JSON.stringify(message)}\n`;
}

function parse(line: string, tag: string, known: ReadonlySet<unknown>): object {
  const message: unknown = JSON.parse(line);
  if (
    typeof message !== "object" || message === null || !(tag in message) ||
    !known.has(Reflect.get(message, tag))
  ) throw notUnderstood(line);
  return message;
}

/** @throws {SyntaxError} when the line is no request. */
export function parseHostRequest(line: string): HostRequest {
  return parse(line, "ask", ASKED) as HostRequest;
}

/** @throws {SyntaxError} when the line is no report: an engine can write to its host's descriptors. */
export function parseHostReport(line: string): HostReport {
  const report = parse(line, "say", SAID) as HostReport;
  if (!isWhole(report)) throw notUnderstood(line);
  return report;
}

/** Whether the parts of a report are what they are declared to be. */
function isWhole(report: HostReport): boolean {
  switch (report.say) {
    case "ready":
      return true;
    case "calling":
      return typeof report.operation === "string";
    case "done": {
      const operations: unknown = report.operations ?? [];
      return Array.isArray(operations) && operations.every((name) => typeof name === "string");
    }
    case "refused":
      return typeof report.message === "string";
  }
}

function notUnderstood(line: string): SyntaxError {
  return new SyntaxError(`Cannot read a message of the engine host: ${line.slice(0, 80)}`);
}
