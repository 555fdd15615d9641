import { expect, test } from "bun:test";
import { KEY_TABLES } from "../../../packaging/manuals/key_tables.ts";

/** Keys of the source document. We have more optional ones, and no other mandatory ones. */
const DOCUMENTED: Readonly<Record<string, readonly [mandatory: string, optional: string]>> = {
  "[project]": [
    "name loop interval sleep",
    "scan_type sysmem_threshold swapcache_high_wmark swapcache_low_wmark",
  ],
  "[engine]": ["name project", ""],
  "[engine] of slide": ["name project", ""],
  "[engine] of cslide": [
    "name project node_pair hot_threshold node_mig_quota node_hot_reserve",
    "",
  ],
  "[engine] of thirdparty": ["name project eng_name libname ops_name", ""],
  "[task]": ["name project engine type value", ""],
  "[task] of slide": ["name project engine type value T", "max_threads swap_threshold swap_flag"],
  "[task] of cslide": ["name project engine type value", "vm_flags anon_only ign_host"],
  "[engine] of psi": ["name project", ""],
  "[task] of psi": [
    "name project engine cg_dir",
    "pressure reclaim_rate reclaim_rate_max reclaim_rate_min limit_min_bytes limit_min_ratio " +
    "reclaim_max_bytes",
  ],
  "[task] of a third-party engine": [
    "name project engine type value",
    "max_threads swap_flag",
  ],
};

test.each(Object.entries(DOCUMENTED))(
  "%s has the keys of the document",
  (title, [mandatory, optional]) => {
    const { keys = {} } = [...KEY_TABLES.values()].find((table) => table.title === title) ?? {};
    const names = (isMandatory: boolean): string[] =>
      Object.keys(keys).filter((name) => keys[name]?.mandatory === isMandatory);
    expect(names(true)).toEqual(mandatory.split(" "));
    expect(names(false)).toEqual(
      expect.arrayContaining(optional.split(" ").filter(Boolean)) as string[],
    );
  },
);

test.each([...KEY_TABLES.values()].map((table) => [table.title, table] as const))(
  "every key of %s says what it means and allows, its default, example and aliases are right",
  (_, { keys, aliases = {} }) => {
    for (const [name, { form, mandatory, meaning, example, ...spec }] of Object.entries(keys)) {
      expect([name, form.allowed, meaning]).not.toContain("");
      form.read(example, (remark) => expect.unreachable(`${name}=${example}: ${remark}`));
      if (spec.default === undefined) continue;
      expect(mandatory).toBe(false);
      form.read(spec.default, (remark) => expect.unreachable(remark));
    }
    for (const [alias, key] of Object.entries(aliases)) {
      expect(Object.keys(keys)).toContain(key);
      expect(Object.keys(keys)).not.toContain(alias);
    }
  },
);
