import { formatOptionList, formatPairs, formatSynopsis } from "../options/format_options.ts";
import { allOptions, type Command, commandName } from "./command.ts";
import { GROUPS } from "./commands.ts";
import { CLIENT_EXIT_STATUSES, EXIT } from "./exit_statuses.ts";

/** The help text about the given commands, which `etmem WORDS help` asked for. */
export function formatHelp(words: readonly string[], commands: readonly Command[]): string {
  return [
    `${["etmem", ...words].join(" ")}: ${aboutOf(words, commands)}\n`,
    "\nUsage:\n",
    ...commands.map(formatUsage),
    commands.length === 1 ? "" : `\nCommands:\n${formatCommands(words, commands)}`,
    "\nOptions:\n",
    formatOptionList(allOptions(commands)),
    `\nExit status:\n${formatPairs(statusesOf(words))}`,
    "\nSee etmem(1), etmem.conf(5) and etmemd(8).\n",
  ].join("");
}

/** The doctor also examines a machine where no server answers. */
function statusesOf(words: readonly string[]): typeof CLIENT_EXIT_STATUSES {
  if (words[0] !== "doctor") return CLIENT_EXIT_STATUSES;
  return [
    [`${EXIT.done}`, "nothing hinders"],
    [`${EXIT.refused}`, "something hinders, or the answer could not be written"],
    [`${EXIT.wrongUsage}`, "wrong usage"],
  ];
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
