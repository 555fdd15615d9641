import { COMMANDS } from "../../src/cli/commands.ts";
import type { Operand } from "../../src/cli/command.ts";
import { SERVER_OPTIONS } from "../../src/daemon/server_options.ts";
import { type Option, type OptionTable, withInfoOptions } from "../../src/options/option.ts";
import { nextWords, PLACEHOLDER_WORDS } from "./completion_words.ts";
import { quoteWord } from "./quote_word.ts";

/** The functions that hold the program's tables in the script for zsh: one for each command. */
export function zshTables(): string {
  return [
    commandWords(),
    ...COMMANDS.map(({ words, operand, options }) =>
      argumentsFunction(`_etmem_${words.join("_")}`, options, operand)
    ),
    argumentsFunction("_etmem_etmemd", SERVER_OPTIONS),
    argumentsFunction("_etmem_without_command", {}),
  ].join("\n");
}

/** The words that may follow, with what they mean. */
function commandWords(): string {
  const cases = Array.from(
    nextWords(),
    ([beginning, words]) =>
      `    ${quoteWord(beginning)}) words=(${
        words.map(({ word, about }) => quoteWord(`${word}:${about}`)).join(" ")
      }) ;;\n`,
  );
  return "# _etmem_commands WORDS: what may follow them.\n_etmem_commands() {\n  local -a words\n" +
    `  case $1 in\n${cases.join("")}    *) return 1 ;;\n  esac\n  _describe command words\n}\n`;
}

/** The arguments of a command as _arguments of zshcompsys(1) wants them. */
function argumentsFunction(name: string, table: OptionTable, operand?: Operand): string {
  const isServer = name === "_etmem_etmemd";
  const specs = withInfoOptions(Object.values(table)).map((option) => optionSpec(option, isServer));
  if (operand !== undefined) {
    const { placeholder } = operand.value;
    specs.unshift(quoteWord(`1:${placeholder}:${action(placeholder, isServer)}`));
  }
  return `${name}() {\n  _arguments -s -S \\\n    ${specs.join(" \\\n    ")}\n}\n`;
}

function optionSpec({ long, short, about, value }: Option, isServer: boolean): string {
  const meaning = `[${about.replaceAll(/[[\]\\]/g, "\\$&")}]`;
  const rest = value === undefined
    ? meaning
    : `${meaning}:${value.placeholder}:${action(value.placeholder, isServer)}`;
  const longForm = value === undefined ? `--${long}` : `--${long}=`;
  if (short === undefined) return quoteWord(`${longForm}${rest}`);
  const shortForm = value === undefined ? `-${short}` : `-${short}+`;
  return `${quoteWord(`(-${short} --${long})`)}{${shortForm},${longForm}}${quoteWord(rest)}`;
}

/**
 * How zsh finds what may stand for a placeholder; a blank in front keeps it from adding arguments.
 */
function action(placeholder: string, isServer: boolean): string {
  const words = PLACEHOLDER_WORDS[placeholder];
  if (words !== undefined) return `(${words.join(" ")})`;
  switch (placeholder) {
    case "FILE":
      return "_files";
    case "DIR":
      return "_files -/";
    case "NAME":
      return isServer ? " " : " _etmem_servers";
    default:
      return ` _etmem_ask ${placeholder}`;
  }
}
