import { expect, test } from "bun:test";
import {
  ANY_ENGINE_KEYS,
  CSLIDE_ENGINE_KEYS,
  SLIDE_ENGINE_KEYS,
  THIRD_PARTY_ENGINE_KEYS,
} from "../../../src/config/engine_keys.ts";
import type { KeySpec, KeyTable } from "../../../src/config/key_table.ts";
import { PROJECT_KEYS } from "../../../src/config/project_keys.ts";
import {
  ANY_TASK_KEYS,
  CSLIDE_TASK_KEYS,
  SLIDE_TASK_KEYS,
  THIRD_PARTY_TASK_KEYS,
} from "../../../src/config/task_keys.ts";

type AnyTable = KeyTable<Readonly<Record<string, KeySpec<unknown>>>>;

/** Mandatory keys of the source document's table, then the others and ours. */
const expected: readonly (readonly [AnyTable, string, string])[] = [
  [
    PROJECT_KEYS,
    "name loop interval sleep",
    "scan_type sysmem_threshold swapcache_high_wmark swapcache_low_wmark tracker mover",
  ],
  [SLIDE_ENGINE_KEYS, "name project", ""],
  [
    CSLIDE_ENGINE_KEYS,
    "name project node_pair hot_threshold node_mig_quota node_hot_reserve",
    "",
  ],
  [THIRD_PARTY_ENGINE_KEYS, "name project eng_name libname ops_name", ""],
  [ANY_ENGINE_KEYS, "name project", ""],
  [
    SLIDE_TASK_KEYS,
    "name project engine type value T",
    "max_threads swap_threshold swap_flag dram_percent",
  ],
  [CSLIDE_TASK_KEYS, "name project engine type value", "vm_flags anon_only ign_host"],
  [THIRD_PARTY_TASK_KEYS, "name project engine type value", "max_threads swap_flag"],
  [ANY_TASK_KEYS, "name project engine type value", ""],
];

test.each(expected.map((one) => [one[0].title, one] as const))(
  "the keys of %s are those of the document",
  (_, [{ keys }, mandatory, optional]) => {
    const names = (isMandatory: boolean): string =>
      Object.entries(keys).filter(([, spec]) => spec.mandatory === isMandatory)
        .map(([name]) => name).join(" ");
    expect([names(true), names(false)]).toEqual([mandatory, optional]);
  },
);

test("every key says what it means and allows, every default and alias is right", () => {
  for (const [{ title, keys, aliases = {} }] of expected) {
    for (const [name, { form, mandatory, meaning, ...spec }] of Object.entries(keys)) {
      expect([title, name, form.allowed, meaning]).not.toContain("");
      if (spec.default === undefined) continue;
      expect(mandatory).toBe(false);
      form.read(spec.default, (remark) => expect.unreachable(remark));
    }
    for (const [alias, key] of Object.entries(aliases)) {
      expect(Object.keys(keys)).toContain(key);
      expect(Object.keys(keys)).not.toContain(alias);
    }
  }
});
