import {
  describeOption,
  type Option,
  type OptionTable,
  type ValueOption,
  withInfoOptions,
} from "./option.ts";

/** The options of a command for its usage line: `-f|--file FILE -s|--socket NAME [--json]`. */
export function formatSynopsis(table: OptionTable): string {
  return Object.values(table).map((option) => {
    const names = option.short === undefined
      ? `--${option.long}`
      : `-${option.short}|--${option.long}`;
    const whole = option.value === undefined ? names : `${names} ${option.value.placeholder}`;
    return option.required === true ? whole : `[${whole}]`;
  }).join(" ");
}

/** A line for each option, -h and -V included, and below a line for each kind of value. */
export function formatOptionList(options: readonly Option[]): string {
  const list = formatPairs(
    withInfoOptions(options).map((option) => [describeOption(option), option.about]),
  );
  const withValue = options.filter((option) => option.value !== undefined);
  if (withValue.length === 0) return list;
  const values = Array.from(
    Map.groupBy(withValue, ({ value }) => value.allowed),
    ([allowed, same]) => [describeValues(same, withValue), allowed] as const,
  );
  return `${list}\nValues:\n${formatPairs(values)}`;
}

/** The placeholders of some options; where others have it for something else, with the option. */
function describeValues(
  options: readonly ValueOption<unknown>[],
  all: readonly ValueOption<unknown>[],
): string {
  const words = options.map(({ long, value: { placeholder, allowed } }) => {
    const isAmbiguous = all.some(({ value }) =>
      value.placeholder === placeholder && value.allowed !== allowed
    );
    return isAmbiguous ? `${placeholder} of --${long}` : placeholder;
  });
  return [...new Set(words)].join(", ");
}

/** Words with their meanings in a column beside them, a line each. */
export function formatPairs(pairs: readonly (readonly [word: string, meaning: string])[]): string {
  const width = Math.max(...pairs.map(([word]) => word.length));
  return pairs.map(([word, meaning]) => `  ${word.padEnd(width)}  ${meaning}\n`).join("");
}
