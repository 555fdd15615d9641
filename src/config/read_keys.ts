import { BadValue } from "./bad_value.ts";
import { excerpt } from "./excerpt.ts";
import { type FileObject, lastEntry } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import type { KeyFileEntry } from "./key_file.ts";
import { homeOfKey } from "./key_home.ts";
import type { KeySpec, KeyTable, ValuesOf } from "./key_table.ts";
import { editDistance, nearestWord } from "../text/nearest_word.ts";
import type { ValueForm } from "./value_form.ts";

type AnyKeys = Readonly<Record<string, KeySpec<unknown>>>;

/**
 * Reads an object of a file by the table of its keys.
 * @returns undefined when something was refused, which is in `findings` then.
 */
export function readKeys<K extends AnyKeys>(
  object: FileObject,
  table: KeyTable<K>,
  findings: Findings,
): ValuesOf<K> | undefined {
  const unknown = unknownEntries(object, table);
  for (const { key, line } of unknown) {
    findings.warn(line, () => {
      return `unknown key "${excerpt(key)}" in ${table.title}${whatIsMeant(key, table)}`;
    });
  }
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  let isRefused = false;
  for (const [key, spec] of Object.entries<KeySpec<unknown>>(table.keys)) {
    const entry = findEntry(object, table, key);
    if (entry !== undefined) {
      warnOfOthers(object, table, entry, key, findings);
      const read = readEntry(object, entry, spec.form, findings);
      if (read === undefined) isRefused = true;
      else values[key] = read.value;
    } else if (spec.default !== undefined) {
      values[key] = spec.form.read(spec.default, () => {});
    } else if (spec.mandatory) {
      missing.push(key);
    }
  }
  if (missing.length > 0) {
    findings.refuse(object.line, missingKeys(object, missing, unknown, table));
  }
  return isRefused || missing.length > 0 ? undefined : values as ValuesOf<K>;
}

/** The entry that counts for a key of a table, under its own name or an alias. */
export function findEntry(
  object: FileObject,
  table: KeyTable<AnyKeys>,
  key: string,
): KeyFileEntry | undefined {
  const aliases = table.aliases ?? {};
  return lastEntry(object, key) ??
    object.entries.findLast((entry) =>
      Object.hasOwn(aliases, entry.key) && aliases[entry.key] === key
    );
}

/** Reads one value. @returns undefined when it was refused, which is in `findings` then. */
export function readEntry<T>(
  object: FileObject,
  entry: KeyFileEntry,
  form: ValueForm<T>,
  findings: Findings,
): { readonly value: T } | undefined {
  const hasComment = /(?:^[0-9]\w*|^|[ \t])(?:#|\/\/ )/.test(entry.value);
  try {
    const value = form.read(entry.value, (remark) => findings.warnOfValue(object, entry, remark));
    if (hasComment) findings.warnOfValue(object, entry, "a comment would need a line of its own");
    return { value };
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const problem = hasComment ? "comments need a line of their own" : error.message;
    findings.refuseValue(object, entry, problem, form.allowed);
    return undefined;
  }
}

function unknownEntries(object: FileObject, table: KeyTable<AnyKeys>): KeyFileEntry[] {
  if (table.hasPrivateKeys) return [];
  const { keys, aliases = {} } = table;
  return object.entries.filter(({ key }) =>
    !Object.hasOwn(keys, key) && !Object.hasOwn(aliases, key)
  );
}

/** Where an unknown key belongs, or which one it may be a slip of. */
function whatIsMeant(key: string, table: KeyTable<AnyKeys>): string {
  const home = homeOfKey(key, table);
  if (home !== undefined) return `, it belongs to ${home}`;
  const nearest = nearestWord(key, Object.keys(table.keys));
  return nearest === undefined ? "" : `, the nearest is "${nearest}"`;
}

/** Warns when the entry that counts is not the only one, or goes by another name. */
function warnOfOthers(
  object: FileObject,
  { aliases = {} }: KeyTable<AnyKeys>,
  entry: KeyFileEntry,
  key: string,
  findings: Findings,
): void {
  const others = object.entries.filter((other) =>
    other !== entry && (other.key === key || aliases[other.key] === key)
  );
  if (entry.key !== key) findings.warnOfValue(object, entry, `taken as ${key}`);
  for (const other of others) {
    findings.warnOfValue(object, other, `not used, ${entry.key} of line ${entry.line} counts`);
  }
}

function missingKeys(
  object: FileObject,
  missing: readonly string[],
  unknown: readonly KeyFileEntry[],
  table: KeyTable<AnyKeys>,
): string {
  const [key = ""] = missing;
  const what = missing.length === 1
    ? `${key} is missing, allowed is ${table.keys[key]?.form.allowed}`
    : `${missing.slice(0, -1).join(", ")} and ${missing.at(-1)} are missing`;
  const slip = unknown.slice(0, 100).find((entry) =>
    missing.some((wanted) => editDistance(entry.key, wanted) < 3)
  );
  const typed = slip && `; line ${slip.line} has the unknown key "${excerpt(slip.key)}"`;
  return `[${object.kind}]: ${what}${typed ?? repeatedKey(object, table) ?? ""}`;
}

/** The entries of the key that is given twice: one of them may be meant as the one that is missing. */
function repeatedKey(object: FileObject, table: KeyTable<AnyKeys>): string | undefined {
  for (const [key, entries] of Map.groupBy(object.entries, (entry) => entry.key)) {
    if (entries.length < 2 || !Object.hasOwn(table.keys, key)) continue;
    const lines = entries.slice(0, 4).map(({ line, value }) =>
      `${key}=${excerpt(value)} in line ${line}`
    );
    return `; ${key} is given more than once: ${lines.join(", ")}`;
  }
  return undefined;
}
