import type { OperationName } from "../../ffi/engine_operations.ts";

/**
 * What the server and the process of a third-party engine tell each other: one JSON object a line,
 * over a socket of their own. The server asks one thing at a time; both are the same program.
 */

/**
 * The name of such a process in argv[0] and /proc/PID/comm: it begins like the server's,
 * so it is never a target.
 */
export const ENGINE_PROCESS_NAME = "etmemd-engine";

/** [project] as the engine sees it. */
export interface ProjectSettings {
  readonly name: string;
  readonly loop: number;
  readonly intervalSeconds: number;
  readonly sleepSeconds: number;
  readonly sysmemThresholdPercent?: number;
  readonly swapcacheWmark?: { readonly lowPercent: number; readonly highPercent: number };
}

/** [task] as the engine sees it. */
export interface TaskSettings {
  readonly name: string;
  /** "pid" or "name". */
  readonly type: string;
  readonly value: string;
  readonly maxThreads: number;
  readonly swapFlag: boolean;
}

/** What the server asks for. */
export type ProcessRequest =
  | {
    /** Check and load the library. */
    readonly ask: "load";
    readonly engine: string;
    readonly project: ProjectSettings;
    readonly isStarted: boolean;
    readonly libname: string;
    readonly opsName: string;
  }
  /** The project has been started, or stopped. */
  | { readonly ask: "project_started"; readonly isStarted: boolean }
  | { readonly ask: "fill_engine"; readonly keyFileText: string }
  | { readonly ask: "fill_task"; readonly task: TaskSettings; readonly keyFileText: string }
  | { readonly ask: "start_task"; readonly task: string; readonly pids: readonly number[] }
  | { readonly ask: "stop_task"; readonly task: string }
  | { readonly ask: "clear_task"; readonly task: string }
  /** A socket for the answer was sent before, over the socket for descriptors. */
  | { readonly ask: "command"; readonly task?: string; readonly command: string }
  /** Clear the engine, unload the library and end. */
  | { readonly ask: "end" };

/** What the process says. A request is answered by one `done` or `refused`. */
export type ProcessReport =
  | { readonly say: "ready" }
  /**
   * The engine's code is entered now: an operation, or "loading" for what runs when it is loaded.
   */
  | { readonly say: "calling"; readonly operation: string }
  | { readonly say: "done"; readonly operations?: readonly string[] }
  | { readonly say: "refused"; readonly message: string };

/** The engine's code that a request enters: operations, and what runs when a library is loaded. */
export const ENTERED_BY: Readonly<
  Record<ProcessRequest["ask"], readonly (OperationName | "loading" | "unloading")[]>
> = {
  load: ["loading"],
  project_started: [],
  fill_engine: ["fill_eng_params"],
  fill_task: ["fill_task_params"],
  start_task: ["alloc_pid_params", "start_task", "free_pid_params"],
  stop_task: ["stop_task", "free_pid_params"],
  clear_task: ["clear_task_params"],
  command: ["eng_mgt_func"],
  end: ["clear_eng_params", "unloading"],
};

const ASKED: ReadonlySet<unknown> = new Set(Object.keys(ENTERED_BY));
const SAID: ReadonlySet<unknown> = new Set<ProcessReport["say"]>([
  "ready",
  "calling",
  "done",
  "refused",
]);

/** The process refuses a request: `message` is one line for the client. */
export class RequestRefusal extends Error {
  override readonly name = "RequestRefusal";
}

/** One message as a line. */
export function formatMessage(message: ProcessRequest | ProcessReport): string {
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
export function parseProcessRequest(line: string): ProcessRequest {
  return parse(line, "ask", ASKED) as ProcessRequest;
}

/**
 * @throws {SyntaxError} when the line is no report:
 * an engine can write to any descriptor of its process.
 */
export function parseProcessReport(line: string): ProcessReport {
  const report = parse(line, "say", SAID) as ProcessReport;
  if (!isWhole(report)) throw notUnderstood(line);
  return report;
}

/** Whether the parts of a report are what they are declared to be. */
function isWhole(report: ProcessReport): boolean {
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
