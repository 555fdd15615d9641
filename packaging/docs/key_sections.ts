import type { Keys } from "../../src/config/key_table.ts";
import { KEY_TABLES } from "../manuals/key_tables.ts";
import type { Section } from "./fill_in.ts";
import { markdownTable } from "./markdown_table.ts";

/** The keys of a table, each with what is allowed, its default and its meaning. */
function keyRows(keys: Keys): string {
  return markdownTable(
    ["key", "allowed", "default", "meaning"],
    Object.entries(keys).map(([key, { form, mandatory, default: byDefault = "", meaning }]) => [
      `\`${key}\``,
      form.allowed,
      mandatory ? "needed" : byDefault,
      meaning,
    ]),
  );
}

/**
 * A section for each table of keys; one of an engine has there what other engines do not have. An
 * engine without keys of its own has none.
 */
export const KEY_SECTIONS: readonly Section[] = [...KEY_TABLES.values()].flatMap(
  ({ group, engine, title, keys }) => {
    const shared = engine === undefined ? {} : KEY_TABLES.get(group)?.keys ?? {};
    const own = Object.entries(keys).filter(([key]) => !Object.hasOwn(shared, key));
    if (own.length === 0) return [];
    return [{ name: `keys of ${title}`, make: () => keyRows(Object.fromEntries(own)) }];
  },
);
