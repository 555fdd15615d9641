import { UsageError } from "../options/usage_error.ts";
import { versionLine } from "../options/version.ts";
import { formatRequestV1 } from "../rpc/request_v1.ts";
import { formatRequestV2 } from "../rpc/request_v2.ts";
import type { Call, ClientSurroundings, RequestCall } from "./command.ts";
import { Connection, NoAnswer } from "./connection.ts";
import { EXIT } from "./exit_statuses.ts";
import { formatHelp } from "./format_help.ts";
import { Output, OutputError } from "./output.ts";
import { parseCommandLine } from "./parse_command_line.ts";
import { ProgressLine } from "./progress_line.ts";
import { type Outcome, readAnswerV1, readAnswerV2 } from "./read_answer.ts";
import { TerminalText } from "./terminal_text.ts";

/** As the original client: SO_RCVTIMEO of 10 s. */
const GIVE_UP_MS = 10_000;

/** Settings of one run of the client; the defaults are those of a process of its own. */
export interface ClientSettings {
  /** How long the server may be silent before the client gives up. */
  readonly giveUpMs?: number;
  /** File descriptors. */
  readonly stdout?: number;
  readonly stderr?: number;
}

/**
 * Runs `etmem` with the arguments after its name.
 * @returns its exit status: 0 done, 1 refused, 2 wrong usage, 3 no answer.
 */
export async function runClient(
  argv: readonly string[],
  settings: ClientSettings = {},
): Promise<number> {
  const stdout = new Output(settings.stdout ?? 1);
  const stderr = new Output(settings.stderr ?? 2);
  try {
    const line = parseCommandLine(argv);
    if (line.kind === "help") {
      stdout.write(formatHelp(line.words, line.commands));
      return EXIT.done;
    }
    if (line.kind === "version") {
      stdout.write(versionLine("etmem"));
      return EXIT.done;
    }
    const terminal = new TerminalText(settings.stdout ?? 1);
    const outcome = await carryOut(line.call, {
      print: (text) => stdout.write(terminal.clean(text)),
      complain: (text) => complain(stderr, text),
      stdout: settings.stdout ?? 1,
      stderr: settings.stderr ?? 2,
      giveUpMs: settings.giveUpMs ?? GIVE_UP_MS,
    });
    if (outcome.ok) return EXIT.done;
    complain(stderr, outcome.message);
    return EXIT.refused;
  } catch (error) {
    const status = statusOf(error);
    if (!(error instanceof Error) || status === undefined) throw error;
    // An answer that broke off may have ended within a line.
    if (error instanceof NoAnswer) ignoreOutputError(() => stdout.endLine());
    complain(stderr, `etmem: ${error.message}`);
    return status;
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT.wrongUsage;
  if (error instanceof NoAnswer) return EXIT.noAnswer;
  return error instanceof OutputError ? EXIT.refused : undefined;
}

async function carryOut(call: Call, surroundings: ClientSurroundings): Promise<Outcome> {
  if ("run" in call) return await call.run(surroundings);
  const outcome = await ask(call, surroundings);
  return outcome.ok || outcome.message !== ""
    ? outcome
    : { ok: false, message: refusedWithoutWords(call) };
}

/** Sends a request and prints its answer as it comes. @throws {NoAnswer | OutputError} */
async function ask(call: RequestCall, surroundings: ClientSurroundings): Promise<Outcome> {
  const { print, giveUpMs } = surroundings;
  const connection = await Connection.open(call.socket, giveUpMs);
  const progress = new ProgressLine(surroundings.stderr);
  try {
    const v1 = formatRequestV1(call.request);
    connection.send(v1 ?? formatRequestV2(call.request));
    const read = v1 === undefined ? readAnswerV2 : readAnswerV1;
    let document = "";
    const outcome = await read(connection, {
      text: (text) => {
        progress.clear();
        print(text);
      },
      document: (text) => {
        progress.clear();
        if (call.json) print(text);
        document += text;
      },
      progress: (doneBytes, allBytes) => progress.show(doneBytes, allBytes),
    });
    if (!outcome.ok) return outcome;
    if (!call.json) return await present(connection, call, document, print);
    if (document !== "") print("\n");
    return outcome;
  } finally {
    progress.clear();
    connection.close();
  }
}

/** Shows or judges the document of a call without --json. */
async function present(
  connection: Connection,
  call: RequestCall,
  document: string,
  print: (text: string) => void,
): Promise<Outcome> {
  try {
    const presented = await call.present?.(document);
    if (presented?.ok === true) print(presented.text);
    return presented ?? { ok: true };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw connection.noAnswer(`it sent a document that ${cause.message}`);
  }
}

function refusedWithoutWords(call: RequestCall): string {
  return `etmem: Cannot use the server "${call.socket}": ` +
    "it refused without giving a reason, as it does to anyone but root";
}

/** Prints a line for people, if it can be printed; nothing in it steers a terminal. */
function complain(stderr: Output, line: string): void {
  ignoreOutputError(() => stderr.write(`${line.replaceAll(/\p{Cc}+/gu, " ")}\n`));
}

/** Writes something whose failure is not reported: the exit status says enough. */
function ignoreOutputError(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
  }
}
