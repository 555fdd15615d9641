import type { Info, Option, OptionTable, ParsedOptions, ValueKind } from "../options/option.ts";
import { parseOptions } from "../options/parse_options.ts";
import type { Request } from "../rpc/request.ts";
import type { Outcome } from "./read_answer.ts";

/** A command line as it was understood. */
export type Call = RequestCall | OwnCall;

/** One request, the server it is for, and how the answer is shown. */
export interface RequestCall {
  /** Name of the server's socket. */
  readonly socket: string;
  readonly request: Request;
  /** The document of the answer is wanted as it is, on one line. */
  readonly json: boolean;
  /**
   * What becomes of the document without `json`; "" where the answer had none.
   * @throws {SyntaxError} when it is not understood; `message` says what it "is".
   */
  readonly present?: (document: string) => Promise<Presented>;
}

/** What a document says to people, or why the command fails because of it. */
export type Presented =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** A command that is more than one request: it talks to servers and to people by itself. */
export interface OwnCall {
  /** @throws {NoAnswer | OutputError | UsageError} */
  readonly run: (surroundings: ClientSurroundings) => Promise<Outcome>;
}

/** What a run of the client gives to a command. */
export interface ClientSurroundings {
  /** For the answer; what steers a terminal is taken out of it. */
  readonly print: (text: Uint8Array | string) => void;
  /** Prints a line about the command to standard error, if it can be printed. */
  readonly complain: (line: string) => void;
  /** File descriptors of standard output and standard error. */
  readonly stdout: number;
  readonly stderr: number;
  /** How long the server may be silent before the client gives up. */
  readonly giveUpMs: number;
}

/** A command of the client. */
export interface Command {
  /** As it is typed after `etmem`: `["obj", "add"]`. */
  readonly words: readonly [string, ...string[]];
  /** One line for help texts. */
  readonly about: string;
  /** The word that must follow the command, before its options. */
  readonly operand?: Operand;
  readonly options: OptionTable;
  /** Makes a call of the arguments after the command and its operand. @throws {UsageError} */
  readonly parse: (args: readonly string[], operand: string) => Call | Info;
}

/** A word of a command line that is no option. */
export interface Operand {
  readonly value: ValueKind<string>;
  /** One line for help texts. */
  readonly about: string;
}

/**
 * Makes a command of its table and of what its options mean; `operand` is "" where there is none.
 */
export function defineCommand<const Table extends OptionTable>(
  definition: Omit<Command, "options" | "parse"> & {
    readonly options: Table;
    readonly toCall: (options: ParsedOptions<Table>, operand: string) => Call;
  },
): Command {
  const { toCall, ...command } = definition;
  return {
    ...command,
    parse: (args, operand) => {
      const parsed = parseOptions(commandName(command), command.options, args);
      return parsed.info ?? toCall(parsed.options, operand);
    },
  };
}

/** The options of some commands, each once though several commands have it, without -h. */
export function allOptions(commands: readonly Command[]): Option[] {
  const options = new Map<string, Option>();
  for (const command of commands) {
    for (const option of Object.values(command.options)) {
      if (!options.has(option.long)) options.set(option.long, option);
    }
  }
  return [...options.values()];
}

/** A command as messages name it: `etmem obj add`. */
export function commandName(command: Pick<Command, "words">): string {
  return ["etmem", ...command.words].join(" ");
}
