/** What the value of an option may be. */
export interface ValueKind<Value> {
  /** For help texts: `NAME`. */
  readonly placeholder: string;
  /** For messages and help texts, after "allowed is": `0 to 3`. */
  readonly allowed: string;
  /** The value of a text. @returns undefined when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined;
}

interface OptionNames {
  /** Without its dashes. */
  readonly long: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** One line for help texts. */
  readonly about: string;
  /** Given again, it is a mistake; else the last one counts. */
  readonly once?: true;
}

/** An option that is there or not. */
export interface Flag extends OptionNames {
  readonly value?: never;
  readonly required?: never;
}

/** An option with a value. */
export interface ValueOption<Value> extends OptionNames {
  readonly value: ValueKind<Value>;
  readonly required?: boolean;
}

/** An entry of a table. */
export type Option = Flag | ValueOption<unknown>;

/**
 * The options of a command by the name that the program calls them. Parser, help texts, completions
 * and manual pages all read this table. Every command has the options of `INFO_OPTIONS` besides.
 */
export type OptionTable = Readonly<Record<string, Option>>;

/**
 * What a table's options come to: a flag true or false,
 * a value undefined only where it may be left out.
 */
export type ParsedOptions<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { value: ValueKind<infer Value> }
    ? Table[Name] extends { required: true } ? Value : Value | undefined
    : boolean;
};

/** What a command line may ask for instead of the command's work. */
export type Info = "help" | "version";

/** The options that ask for it. Every command has them. */
export const INFO_OPTIONS: Readonly<Record<Info, Flag>> = {
  help: { long: "help", short: "h", about: "print this help" },
  version: { long: "version", short: "V", about: "print the version" },
};

/** All options of a command: those of its table, then those that every command has. */
export function withInfoOptions(options: readonly Option[]): Option[] {
  return [...options, ...Object.values(INFO_OPTIONS)];
}

/** An option as messages and help texts name it: `-s, --socket NAME`. */
export function describeOption(option: Option): string {
  const names = option.short === undefined
    ? `--${option.long}`
    : `-${option.short}, --${option.long}`;
  return option.value === undefined ? names : `${names} ${option.value.placeholder}`;
}
