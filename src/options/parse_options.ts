import { meantWord } from "../text/nearest_word.ts";
import {
  describeOption,
  type Info,
  INFO_OPTIONS,
  type Option,
  type OptionTable,
  type ParsedOptions,
  type ValueOption,
  withInfoOptions,
} from "./option.ts";
import { quote, UsageError } from "./usage_error.ts";

/** What a command line comes to: a wish for information, or the options to run the command with. */
export type ParseResult<Table extends OptionTable> =
  | { readonly info: Info }
  | { readonly info?: undefined; readonly options: ParsedOptions<Table> };

/**
 * Parses the arguments after a command; only options may stand there, as getopt_long(3) has them:
 * `-l0`, `-l 0`, `-ml0`, `--log-level 0`, `--log-level=0`, `--log=0`, in any order. Of an option
 * that is given again the last value counts. Arguments are taken from left to right: what comes
 * after -h or -V is not looked at. node:util's parseArgs is no choice here: loading it takes a
 * tenth of the whole client's time.
 * @param command for messages: `etmem obj add`.
 * @throws {UsageError} for the first mistake.
 */
export function parseOptions<const Table extends OptionTable>(
  command: string,
  table: Table,
  args: readonly string[],
): ParseResult<Table> {
  const parser = new Parser(command, table, args);
  const info = parser.run();
  if (info !== undefined) return { info };
  // Parser fills in exactly what ParsedOptions says of the table.
  return { options: parser.values as ParsedOptions<Table> };
}

class Parser {
  readonly values: Record<string, unknown> = {};
  readonly #command: string;
  readonly #table: OptionTable;
  readonly #args: readonly string[];
  #next = 0;
  /** Options that were given. */
  readonly #given = new Set<Option>();

  constructor(command: string, table: OptionTable, args: readonly string[]) {
    this.#command = command;
    this.#table = table;
    this.#args = args;
  }

  /** Fills in `values`, unless the command line asks for information. */
  run(): Info | undefined {
    while (this.#next < this.#args.length) {
      const arg = this.#args[this.#next++] ?? "";
      if (arg === "--") {
        this.#refuseOperand(this.#args[this.#next]);
      } else if (arg.startsWith("--")) {
        const info = this.#long(arg);
        if (info !== undefined) return info;
      } else if (arg.startsWith("-") && arg !== "-") {
        const info = this.#cluster(arg);
        if (info !== undefined) return info;
      } else {
        this.#refuseOperand(arg);
      }
    }
    this.#complete();
    return undefined;
  }

  #long(arg: string): Info | undefined {
    const equals = arg.indexOf("=");
    const written = equals < 0 ? arg : arg.slice(0, equals);
    const inline = equals < 0 ? undefined : arg.slice(equals + 1);
    const option = this.#findLong(written);
    if (option.value !== undefined) {
      this.#set(option, written, inline ?? this.#following(option, written));
      return undefined;
    }
    if (inline !== undefined) {
      throw new UsageError(`Cannot set ${quote(written)} to ${quote(inline)}: it takes no value`);
    }
    return this.#raise(option, written);
  }

  /** `-m`, `-ml0`, `-l 0`: flags, of which the last may be an option with its value. */
  #cluster(arg: string): Info | undefined {
    const letters = Array.from(arg.slice(1));
    for (const [index, letter] of letters.entries()) {
      const written = `-${letter}`;
      const option = this.#find((known) => known.short === letter);
      if (option === undefined) throw this.#unknown(written, arg);
      if (option.value !== undefined) {
        const rest = letters.slice(index + 1).join("");
        this.#set(option, written, rest === "" ? this.#following(option, written) : rest);
        return undefined;
      }
      const info = this.#raise(option, written);
      if (info !== undefined) return info;
    }
    return undefined;
  }

  #find(isIt: (known: Option) => boolean): Option | undefined {
    return this.#known().find(isIt);
  }

  #known(): Option[] {
    return withInfoOptions(Object.values(this.#table));
  }

  /**
   * The option of this long name, or the only one whose name begins with it. @throws {UsageError}
   */
  #findLong(written: string): Option {
    const begun = this.#known().filter(({ long }) => `--${long}`.startsWith(written));
    const [option, other] = begun;
    const exact = begun.find(({ long }) => `--${long}` === written);
    if (exact !== undefined) return exact;
    if (option === undefined) throw this.#unknown(written);
    if (other === undefined) return option;
    throw new UsageError(
      `Cannot use ${quote(written)}: it may be ${
        begun.map(({ long }) => `--${long}`).join(" or ")
      }`,
    );
  }

  /** The argument after an option, as its value. */
  #following(option: ValueOption<unknown>, written: string): string {
    const { placeholder, allowed } = option.value;
    const arg = this.#args[this.#next];
    if (arg === undefined) {
      throw new UsageError(
        `Cannot use ${quote(written)}: its ${placeholder} is missing, allowed is ${allowed}`,
      );
    }
    this.#next++;
    if (!arg.startsWith("-") || arg === "-" || option.value.parse(arg) === undefined) return arg;
    throw new UsageError(
      `Cannot use ${quote(written)}: ${quote(arg)} follows where its ${placeholder} is expected, ` +
        `a value that begins with "-" is written --${option.long}=${placeholder}`,
    );
  }

  #set(option: ValueOption<unknown>, written: string, text: string): void {
    this.#give(option, written);
    const value = option.value.parse(text);
    if (value === undefined) {
      throw new UsageError(
        `Cannot set ${quote(written)} to ${quote(text)}: allowed is ${option.value.allowed}`,
      );
    }
    this.values[this.#nameOf(option)] = value;
  }

  #raise(option: Option, written: string): Info | undefined {
    if (option === INFO_OPTIONS.help) return "help";
    if (option === INFO_OPTIONS.version) return "version";
    this.#give(option, written);
    this.values[this.#nameOf(option)] = true;
    return undefined;
  }

  #give(option: Option, written: string): void {
    if (option.once === true && this.#given.has(option)) {
      throw new UsageError(
        `Cannot use ${quote(written)} a second time: ${describeOption(option)} is allowed once`,
      );
    }
    this.#given.add(option);
  }

  #nameOf(option: Option): string {
    return Object.keys(this.#table).find((name) => this.#table[name] === option) ?? "";
  }

  #complete(): void {
    const missing: string[] = [];
    for (const [name, option] of Object.entries(this.#table)) {
      if (option.value === undefined) this.values[name] ??= false;
      else if (option.required === true && !this.#given.has(option)) {
        missing.push(describeOption(option));
      }
    }
    if (missing.length > 0) {
      const are = missing.length === 1 ? "is" : "are";
      throw new UsageError(
        `Cannot run "${this.#command}": ${missing.join(" and ")} ${are} missing`,
      );
    }
  }

  #unknown(written: string, arg = written): UsageError {
    const known = this.#known();
    const meant = meantWord(written, known.map((option) => `--${option.long}`));
    const inside = arg === written ? "" : ` in ${quote(arg)}`;
    return new UsageError(
      `Cannot use ${quote(written)}${inside}: "${this.#command}" has no such option, ` +
        (meant === undefined
          ? `it has ${known.map(describeOption).join("; ")}`
          : `did you mean "${meant}"`),
    );
  }

  #refuseOperand(arg: string | undefined): void {
    if (arg === undefined) return;
    const meant = this.#optionFor(arg);
    const hint = meant === undefined ? "" : `, did you mean ${quote(`-${meant.short} ${arg}`)}`;
    throw new UsageError(`Cannot use ${quote(arg)}: "${this.#command}" takes options only${hint}`);
  }

  /**
   * The option that a value without its option was probably meant for: one with a letter that
   * stands nowhere else, first of those that must be there.
   */
  #optionFor(arg: string): Option | undefined {
    if (arg.startsWith("-")) return undefined;
    const later = this.#args.slice(this.#next);
    const open = Object.values(this.#table).filter((option) =>
      option.short !== undefined && option.value?.parse(arg) !== undefined &&
      !this.#given.has(option) && !later.some((word) => isUse(option, word))
    );
    return open.find(({ required }) => required) ?? open[0];
  }
}

/** Whether an argument gives an option. */
function isUse({ long, short }: Option, word: string): boolean {
  return word === `--${long}` || word.startsWith(`--${long}=`) ||
    (short !== undefined && word.startsWith(`-${short}`));
}
