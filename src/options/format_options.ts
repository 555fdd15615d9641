import { describeOption, type Option, type OptionTable, withInfoOptions } from "./option.ts";

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
  const placeholders = new Map<string, Set<string>>();
  for (const { value } of options) {
    if (value === undefined) continue;
    const same = placeholders.get(value.allowed) ?? new Set();
    placeholders.set(value.allowed, same.add(value.placeholder));
  }
  if (placeholders.size === 0) return list;
  const values = Array.from(
    placeholders,
    ([allowed, names]) => [[...names].join(", "), allowed] as const,
  );
  return `${list}\nValues:\n${formatPairs(values)}`;
}

/** Words with their meanings in a column beside them, a line each. */
export function formatPairs(pairs: readonly (readonly [word: string, meaning: string])[]): string {
  const width = Math.max(...pairs.map(([word]) => word.length));
  return pairs.map(([word, meaning]) => `  ${word.padEnd(width)}  ${meaning}\n`).join("");
}
