import type { Command } from "../../src/cli/command.ts";
import { type Option, type OptionTable, withInfoOptions } from "../../src/options/option.ts";
import { bold, italic, plain, sentence } from "./inline_text.ts";

/** An option with all its names, as the head of its entry: `-s NAME, --socket=NAME`. */
function optionTerm({ long, short, value }: Option): string {
  const name = value === undefined ? "" : italic(value.placeholder);
  const longForm = value === undefined ? bold(`--${long}`) : `${bold(`--${long}=`)}${name}`;
  if (short === undefined) return longForm;
  return `${bold(`-${short}`)}${value === undefined ? "" : ` ${name}`}, ${longForm}`;
}

/** The entry of an option: names, meaning, and what its value may be. */
export function optionEntry(option: Option): string[] {
  const { about, value } = option;
  const values = value === undefined
    ? []
    : [`${italic(value.placeholder)} is ${plain(value.allowed)}.`];
  return [`${optionTerm(option)}::`, sentence(about), ...values];
}

function optionUse({ long, short, value, required }: Option): string {
  const name = bold(short === undefined ? `--${long}` : `-${short}`);
  const use = value === undefined ? name : `${name} ${italic(value.placeholder)}`;
  return required === true ? use : `[${use}]`;
}

/** The line of a synopsis: a name with its options in their short form. */
export function synopsis(name: string, operand: string, table: OptionTable): string {
  const options = Object.values(table).map(optionUse);
  return [bold(name), ...(operand === "" ? [] : [italic(operand)]), ...options].join(" ");
}

/** The entry of a command: its synopsis, and what it does. */
export function commandEntry(command: Command): string[] {
  return [`${commandSynopsis(command)}::`, sentence(command.about)];
}

/** The line of a client's command in a synopsis. */
export function commandSynopsis({ words, operand, options }: Command): string {
  return synopsis(["etmem", ...words].join(" "), operand?.value.placeholder ?? "", options);
}

/**
 * An option of some by its long name; -h and -V are among any. @throws {Error} when there is none.
 */
export function findOption(options: readonly Option[], long: string): Option {
  const option = withInfoOptions(options).find((candidate) => candidate.long === long);
  if (option === undefined) throw new Error(`Cannot describe option "--${long}": there is none`);
  return option;
}
