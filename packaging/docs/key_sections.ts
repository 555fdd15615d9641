import type { KeySpec } from "../../src/config/key_table.ts";
import { KEY_TABLES } from "../manuals/key_tables.ts";
import type { Section } from "./fill_in.ts";
import { markdownTable } from "./markdown_table.ts";

type Keys = Readonly<Record<string, KeySpec<unknown>>>;

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

/** A section for each table of keys; a table of one engine has there what the others do not have. */
export const KEY_SECTIONS: readonly Section[] = Object.entries(KEY_TABLES).map(
  ([name, { title, keys }]) => {
    const [group = ""] = name.split("-");
    const shared = KEY_TABLES[group]?.keys ?? {};
    const own = Object.entries(keys).filter(([key]) =>
      group === name || !Object.hasOwn(shared, key)
    );
    return { name: `keys of ${title}`, make: () => keyRows(Object.fromEntries(own)) };
  },
);
