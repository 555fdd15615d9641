import { formatOptionList, formatPairs, formatSynopsis } from "../options/format_options.ts";
import type { Option } from "../options/option.ts";
import { type Command, commandName } from "./command.ts";
import { GROUPS } from "./commands.ts";

const EXIT_STATUS = `
Exit status:
  0  done
  1  the server refused, or the answer could not be written
  2  wrong usage
  3  the server cannot be reached or stopped answering
`;

/** The help text about the given commands, which `etmem WORDS help` asked for. */
export function formatHelp(words: readonly string[], commands: readonly Command[]): string {
  return [
    `${["etmem", ...words].join(" ")}: ${aboutOf(words, commands)}\n`,
    "\nUsage:\n",
    ...commands.map(formatUsage),
    commands.length === 1 ? "" : `\nCommands:\n${formatCommands(words, commands)}`,
    "\nOptions:\n",
    formatOptionList(allOptions(commands)),
    EXIT_STATUS,
  ].join("");
}

function aboutOf(words: readonly string[], commands: readonly Command[]): string {
  if (words.length === 0) return "controls an etmemd server on this machine";
  const whole = commands.find((command) => command.words.length === words.length);
  return whole?.about ?? GROUPS[words.join(" ")] ?? "";
}

function formatUsage(command: Command): string {
  const { operand } = command;
  const synopsis = formatSynopsis(command.options);
  if (operand === undefined) return `  ${commandName(command)} ${synopsis}\n`;
  const { placeholder } = operand.value;
  return `  ${commandName(command)} ${placeholder} ${synopsis}\n` +
    `      ${placeholder}: ${operand.about}\n`;
}

function formatCommands(words: readonly string[], commands: readonly Command[]): string {
  const help = [...words, "help"].join(" ");
  return formatPairs([
    ...commands.map((command) => [command.words.join(" "), command.about] as const),
    [
      help,
      words.length === 0 ? "print this help; obj, project, ... have their own" : "print this help",
    ],
  ]);
}

/** Each option once, though several commands have it. */
function allOptions(commands: readonly Command[]): Option[] {
  const options = new Map<string, Option>();
  for (const command of commands) {
    for (const option of Object.values(command.options)) {
      if (!options.has(option.long)) options.set(option.long, option);
    }
  }
  return [...options.values()];
}
