import { meantWord } from "../text/nearest_word.ts";
import { quote, UsageError } from "../options/usage_error.ts";
import { type Call, type Command, commandName } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** A call to make, a wish for the version, or the commands whose help was asked for. */
export type CommandLine =
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "version" }
  | {
    readonly kind: "help";
    /** The words after `etmem` that the help is about; none: about everything. */
    readonly words: readonly string[];
    readonly commands: readonly Command[];
  };

const HELP_WORDS = new Set<string | undefined>(["help", "-h", "--help"]);
const VERSION_WORDS = new Set<string | undefined>(["-V", "--version"]);

/**
 * Reads the arguments after `etmem`.
 * @throws {UsageError} for the first mistake.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  let commands = COMMANDS;
  for (let depth = 0;; depth++) {
    const word = args[depth];
    const words = args.slice(0, depth);
    const command = commands.find((candidate) => candidate.words.length === depth);
    if (HELP_WORDS.has(word)) return { kind: "help", words, commands };
    if (VERSION_WORDS.has(word)) return { kind: "version" };
    if (command !== undefined) return readCommand(command, args.slice(depth));
    const next = commands.filter((candidate) => candidate.words[depth] === word);
    if (word === undefined || next.length === 0) throw noCommand(words, word, commands);
    commands = next;
  }
}

function noCommand(
  words: readonly string[],
  word: string | undefined,
  commands: readonly Command[],
): UsageError {
  const name = ["etmem", ...words].join(" ");
  const known = [...new Set(commands.map((command) => command.words[words.length] ?? "")), "help"];
  const allowed = `allowed is ${known.slice(0, -1).join(", ")} or help`;
  if (word === undefined) {
    return new UsageError(`Cannot run "${name}": a command is missing, ${allowed}`);
  }
  const meant = meantWord(word, known);
  const hint = meant === undefined ? "" : `, did you mean "${meant}"`;
  return new UsageError(
    word.startsWith("-")
      ? `Cannot use ${quote(word)}: a command of "${name}" comes first, ${allowed}`
      : `Cannot run ${quote(word)}: "${name}" has no such command, ${allowed}${hint}`,
  );
}

function readCommand(command: Command, args: readonly string[]): CommandLine {
  const operand = command.operand === undefined ? "" : readOperand(command, args[0]);
  const call = command.parse(command.operand === undefined ? args : args.slice(1), operand);
  if (call === "version") return { kind: "version" };
  return call === "help"
    ? { kind: "help", words: command.words, commands: [command] }
    : { kind: "call", call };
}

function readOperand(command: Command, arg: string | undefined): string {
  const kind = command.operand?.value;
  if (kind === undefined) return "";
  const name = commandName(command);
  if (arg === undefined) {
    throw new UsageError(
      `Cannot run "${name}": ${kind.placeholder} is missing, allowed is ${kind.allowed}`,
    );
  }
  if (arg.startsWith("-")) {
    throw new UsageError(`Cannot use ${quote(arg)}: ${kind.placeholder} of "${name}" comes first`);
  }
  const value = kind.parse(arg);
  if (value === undefined) {
    throw new UsageError(
      `Cannot run "${name}" with ${quote(arg)} as ${kind.placeholder}: allowed is ${kind.allowed}`,
    );
  }
  return value;
}
