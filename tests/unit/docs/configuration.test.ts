import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ANY_ENGINE_KEYS,
  CSLIDE_ENGINE_KEYS,
  SLIDE_ENGINE_KEYS,
  THIRD_PARTY_ENGINE_KEYS,
} from "../../../src/config/engine_keys.ts";
import type { KeySpec, KeyTable } from "../../../src/config/key_table.ts";
import { PROJECT_KEYS } from "../../../src/config/project_keys.ts";
import {
  CSLIDE_TASK_KEYS,
  SLIDE_TASK_KEYS,
  THIRD_PARTY_TASK_KEYS,
} from "../../../src/config/task_keys.ts";

type Table = KeyTable<Readonly<Record<string, KeySpec<unknown>>>>;

const MANUAL = readFileSync(join(import.meta.dir, "../../../docs/configuration.md"), "utf8");

/** The rows of the manual's tables, without the blanks that align them. */
const ROWS = new Set(
  MANUAL.split("\n").filter((line) => line.startsWith("|")).map((line) => {
    return line.split(/(?<!\\)\|/).map((cell) => cell.trim()).join("|");
  }),
);

function expectedRow(key: string, spec: KeySpec<unknown>): string {
  const presence = spec.mandatory ? "needed" : spec.default ?? "";
  return ["", `\`${key}\``, spec.form.allowed, presence, spec.meaning, ""].join("|");
}

const TABLES: readonly Table[] = [
  PROJECT_KEYS,
  ANY_ENGINE_KEYS,
  SLIDE_ENGINE_KEYS,
  CSLIDE_ENGINE_KEYS,
  THIRD_PARTY_ENGINE_KEYS,
  SLIDE_TASK_KEYS,
  CSLIDE_TASK_KEYS,
  THIRD_PARTY_TASK_KEYS,
];

describe("docs/configuration.md", () => {
  for (const { title, keys } of TABLES) {
    test(`says of every key of ${title} what is allowed, what it means and its default`, () => {
      const missing = Object.entries(keys).map(([key, spec]) => expectedRow(key, spec)).filter(
        (row) => !ROWS.has(row),
      );
      expect(missing).toEqual([]);
    });
  }

  test("has no key in its tables that does not exist", () => {
    const known = new Set(TABLES.flatMap(({ keys }) => Object.keys(keys)));
    const named = [...ROWS].flatMap((row) => /^\|`([^`]+)`\|/.exec(row)?.[1] ?? []);
    expect(named.filter((key) => !known.has(key))).toEqual([]);
    expect(new Set(named)).toEqual(known);
  });
});
