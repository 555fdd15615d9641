import { excerpt } from "../text/excerpt.ts";
import { editDistance, nearestWord } from "../text/nearest_word.ts";
import { CONFIGURED_ENGINES } from "./engines.ts";
import type { KeyFileEntry } from "./key_file.ts";
import type { Keys, KeySpec, KeyTable, ValuesOf } from "./key_table.ts";
import type { KeyedObject } from "./keyed_object.ts";
import { PROJECT_KEYS } from "./project.ts";

/** The tables in which the home of a key is looked up. */
const TABLES: readonly KeyTable[] = [
  PROJECT_KEYS,
  ...CONFIGURED_ENGINES.map(({ engineTable }) => engineTable),
  ...CONFIGURED_ENGINES.map(({ taskTable }) => taskTable),
];

/**
 * Reads an object of a file by the table of its keys.
 * @returns undefined when something was refused, which is in the findings then.
 */
export function readKeys<K extends Keys>(keyed: KeyedObject<K>): ValuesOf<K> | undefined {
  const { object, table, findings } = keyed;
  const unknown = unknownEntries(keyed);
  for (const { key, line } of unknown) {
    findings.warn(line, () => {
      return `unknown key "${excerpt(key)}" in ${table.title}${whatIsMeant(key, table)}`;
    });
  }
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  let isRefused = false;
  for (const [key, spec] of Object.entries<KeySpec<unknown>>(table.keys)) {
    const entry = keyed.entry(key);
    if (entry !== undefined) {
      warnOfOthers(keyed, entry, key);
      const read = keyed.read(entry, spec.form);
      if (read === undefined) isRefused = true;
      else values[key] = read.value;
    } else if (spec.default !== undefined) {
      values[key] = spec.form.read(spec.default, () => {});
    } else if (spec.mandatory) {
      missing.push(key);
    }
  }
  if (missing.length > 0) {
    findings.refuse(object.line, missingKeys(keyed, missing, unknown));
  }
  return isRefused || missing.length > 0 ? undefined : values as ValuesOf<K>;
}

function unknownEntries({ object, table }: KeyedObject): KeyFileEntry[] {
  if (table.hasPrivateKeys) return [];
  const { keys, aliases = {} } = table;
  return object.entries.filter(({ key }) =>
    !Object.hasOwn(keys, key) && !Object.hasOwn(aliases, key)
  );
}

/** Where an unknown key belongs, or which one it may be a slip of. */
function whatIsMeant(key: string, table: KeyTable): string {
  const home = homeOfKey(key, table);
  if (home !== undefined) return `, it belongs to ${home}`;
  const nearest = nearestWord(key, Object.keys(table.keys));
  return nearest === undefined ? "" : `, the nearest is "${nearest}"`;
}

/**
 * The group that has a key which `table` does not have: `[task]`, or `[task] of cslide` where no
 * group of the table's own engine has it.
 */
function homeOfKey(key: string, { engine }: KeyTable): string | undefined {
  const homes = TABLES.filter((table) => Object.hasOwn(table.keys, key));
  const own = homes.find((home) =>
    engine === undefined || home.engine === undefined || home.engine === engine
  );
  return own === undefined ? homes[0]?.title : `[${own.group}]`;
}

/** Warns when the entry that counts is not the only one, or goes by another name. */
function warnOfOthers(
  { object, table: { aliases = {} }, findings }: KeyedObject,
  entry: KeyFileEntry,
  key: string,
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
  keyed: KeyedObject,
  missing: readonly string[],
  unknown: readonly KeyFileEntry[],
): string {
  const [key = ""] = missing;
  const what = missing.length === 1
    ? `${key} is missing, allowed is ${keyed.table.keys[key]?.form.allowed}`
    : `${missing.slice(0, -1).join(", ")} and ${missing.at(-1)} are missing`;
  const slip = unknown.slice(0, 100).find((entry) =>
    missing.some((wanted) => editDistance(entry.key.toLowerCase(), wanted.toLowerCase()) < 3)
  );
  const typed = slip && `; line ${slip.line} has the unknown key "${excerpt(slip.key)}"`;
  return `[${keyed.object.kind}]: ${what}${typed ?? repeatedKey(keyed) ?? ""}`;
}

/** A key that is given more than once: one of its lines may be meant for the missing key. */
function repeatedKey({ object, table }: KeyedObject): string | undefined {
  for (const [key, entries] of Map.groupBy(object.entries, (entry) => entry.key)) {
    if (entries.length < 2 || !Object.hasOwn(table.keys, key)) continue;
    const lines = entries.slice(0, 4).map(({ line, value }) =>
      `${key}=${excerpt(value)} in line ${line}`
    );
    return `; ${key} is given more than once: ${lines.join(", ")}`;
  }
  return undefined;
}
