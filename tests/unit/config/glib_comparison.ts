import { GlibError } from "../../../ffi/glib.ts";
import { BadValue } from "../../../src/config/value_form.ts";
import { type KeyFile, KeyFileError, parseKeyFile } from "../../../src/config/key_file.ts";
import { parseInteger } from "../../../src/config/number_forms.ts";
import { unescapeString } from "../../../src/config/text_forms.ts";
import { ReadableKeyFile } from "../../tools/fixtures/readable_key_file.ts";

/** What a parser makes of a file, in a form that can be compared; a string says why it refused. */
type Outcome = string | readonly GroupOutcome[];

interface GroupOutcome {
  readonly group: string;
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly strings: readonly string[];
  readonly integers: readonly (number | string)[];
}

const REFUSED = "refused";
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** GLib drops the entries of languages that the environment does not ask for; we keep all. */
const hasNoLocale = (key: string): boolean => !/\[.+\]$/u.test(key);

function orRefused<T>(read: () => T): T | typeof REFUSED {
  try {
    return read();
  } catch (error) {
    if (error instanceof GlibError || error instanceof BadValue) return REFUSED;
    throw error;
  }
}

/** What GLib makes of a file. */
function glibOutcome(bytes: Uint8Array): Outcome {
  try {
    using file = new ReadableKeyFile(bytes);
    return file.groups().map((group) => {
      const keys = file.keys(group).filter(hasNoLocale);
      return {
        group,
        keys,
        values: keys.map((key) => decoder.decode(file.value(group, key))),
        strings: keys.map((key) => orRefused(() => stringOf(file, group, key))),
        integers: keys.map((key) => orRefused(() => file.integer(group, key))),
      };
    });
  } catch (error) {
    if (error instanceof GlibError) return `${REFUSED}: ${error.message}`;
    throw error;
  }
}

/**
 * Does not ask GLib where a wrong escape precedes a backslash at the end: it would warn and leak.
 */
function stringOf(file: ReadableKeyFile, group: string, key: string): string {
  const escapes = decoder.decode(file.value(group, key)).match(/\\.?/gsu) ?? [];
  const wrong = escapes.filter((escape) => !/^\\[sntr\\]$/.test(escape));
  return wrong.length > 1 && wrong.at(-1) === "\\" ? REFUSED : file.string(group, key);
}

/** What our parser makes of a file: repeated groups and keys merged as GLib merges them. */
export function ourOutcome(bytes: Uint8Array): Outcome {
  try {
    return merged(parseKeyFile(bytes));
  } catch (error) {
    if (error instanceof KeyFileError) return `${REFUSED}: ${error.message}`;
    throw error;
  }
}

function merged(file: KeyFile): GroupOutcome[] {
  return [...Map.groupBy(file.groups, (group) => group.name)].map(([group, parts]) => {
    const entries = parts.flatMap((part) => part.entries);
    const last = new Map(entries.map((entry) => [entry.key, entry.value]));
    const keys = entries.map((entry) => entry.key).filter(hasNoLocale);
    const values = keys.map((key) => last.get(key) ?? "");
    return {
      group,
      keys,
      values,
      strings: values.map((value) => orRefused(() => unescapeString(value))),
      integers: values.map((value) => orRefused(() => parseInteger(value))),
    };
  });
}

/**
 * Says where the two disagree; undefined: they agree. We refuse some things on purpose, which do
 * not count: NUL bytes, what is not UTF-8, numbers with something behind a blank,
 * numbers behind a vertical tab.
 */
export function disagreement(bytes: Uint8Array): string | undefined {
  const [ours, theirs] = [ourOutcome(bytes), glibOutcome(bytes)];
  if (typeof ours === "string") {
    if (typeof theirs === "string" || isStricter(ours)) return undefined;
    return `only we refuse: ${ours}`;
  }
  if (typeof theirs === "string") return `only GLib refuses: ${theirs}`;
  const [a, b] = [JSON.stringify(ours.map(withGlibNumbers)), JSON.stringify(theirs)];
  return a === b ? undefined : `ours ${a}\nGLib ${b}`;
}

function isStricter(refusal: string): boolean {
  return refusal.includes("NUL byte") || refusal === `${REFUSED}: not UTF-8`;
}

function withGlibNumbers(group: GroupOutcome): GroupOutcome {
  const integers = group.integers.map((integer, i) => {
    const lenient = /^[\v\t\f\r ]*([+-]?[0-9]+)(?:[ \t\n\f\r].*)?$/s.exec(group.values[i] ?? "")
      ?.[1];
    return integer === REFUSED && lenient !== undefined
      ? orRefused(() => parseInteger(lenient))
      : integer;
  });
  return { ...group, integers };
}
