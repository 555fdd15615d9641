import { COMMANDS } from "../../src/cli/commands.ts";
import { SERVER_OPTIONS } from "../../src/daemon/server_options.ts";
import { type Option, type OptionTable, withInfoOptions } from "../../src/options/option.ts";
import { nextWords, PLACEHOLDER_WORDS } from "./completion_words.ts";
import { quoteWord } from "./quote_word.ts";

/** The functions that hold the program's tables in the script for bash. */
export function bashTables(): string {
  const commands = Array.from(
    nextWords(),
    ([beginning, words]) => [beginning, words.map(({ word }) => word).join(" ")] as const,
  );
  const options: [string, string][] = COMMANDS.map((command) => [
    command.words.join(" "),
    optionWords(command.options),
  ]);
  const operands = COMMANDS.flatMap(({ words, operand }) =>
    operand === undefined ? [] : [[words.join(" "), operand.value.placeholder] as const]
  );
  return [
    lookup("_etmem_commands_of", "the words that may follow", commands),
    lookup(
      "_etmem_options_of",
      "the options of a command, or of none, each NAME,NAME:PLACEHOLDER",
      [
        ...options,
        ["etmemd", optionWords(SERVER_OPTIONS)],
        ["", optionWords({})],
      ],
    ),
    lookup("_etmem_operand_of", "the word that a command needs", operands),
    lookup(
      "_etmem_words_of",
      "what may stand for a placeholder",
      Object.entries(PLACEHOLDER_WORDS).map(([name, words]) => [name, words.join(" ")]),
    ),
  ].join("\n");
}

function optionWords(table: OptionTable): string {
  return withInfoOptions(Object.values(table)).map((option: Option) => {
    const names = option.short === undefined
      ? `--${option.long}`
      : `-${option.short},--${option.long}`;
    return `${names}:${option.value?.placeholder ?? ""}`;
  }).join(" ");
}

/** A function that prints the words for its argument. */
function lookup(
  name: string,
  about: string,
  entries: readonly (readonly [key: string, words: string])[],
): string {
  const lines = entries.map(([key, words]) =>
    `    ${quoteWord(key)}) echo ${quoteWord(words)} ;;\n`
  );
  return `# ${name}: ${about}.\n${name}() {\n  case $1 in\n${lines.join("")}  esac\n}\n`;
}
