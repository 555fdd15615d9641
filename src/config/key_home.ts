import { CSLIDE_ENGINE_KEYS, SLIDE_ENGINE_KEYS, THIRD_PARTY_ENGINE_KEYS } from "./engine_keys.ts";
import type { KeySpec, KeyTable } from "./key_table.ts";
import { PROJECT_KEYS } from "./project_keys.ts";
import { CSLIDE_TASK_KEYS, SLIDE_TASK_KEYS, THIRD_PARTY_TASK_KEYS } from "./task_keys.ts";

type AnyTable = KeyTable<Readonly<Record<string, KeySpec<unknown>>>>;

interface Home {
  readonly group: string;
  /** What the group is for; undefined: for all engines. */
  readonly engine?: "slide" | "cslide" | "thirdparty";
  readonly table: AnyTable;
}

const HOMES: readonly Home[] = [
  { group: "[project]", table: PROJECT_KEYS },
  { group: "[engine]", engine: "slide", table: SLIDE_ENGINE_KEYS },
  { group: "[engine]", engine: "cslide", table: CSLIDE_ENGINE_KEYS },
  { group: "[engine]", engine: "thirdparty", table: THIRD_PARTY_ENGINE_KEYS },
  { group: "[task]", engine: "slide", table: SLIDE_TASK_KEYS },
  { group: "[task]", engine: "cslide", table: CSLIDE_TASK_KEYS },
  { group: "[task]", engine: "thirdparty", table: THIRD_PARTY_TASK_KEYS },
];

/**
 * The group that knows a key which `table` does not: `[task]`, or `[task] of cslide` where it is none of the engine
 * that `table` is for. @returns undefined when none knows it.
 */
export function homeOfKey(key: string, table: AnyTable): string | undefined {
  const engine = HOMES.find((home) => home.table === table)?.engine;
  const homes = HOMES.filter((home) => Object.hasOwn(home.table.keys, key));
  const own = homes.find((home) =>
    engine === undefined || home.engine === undefined || home.engine === engine
  );
  return own?.group ?? homes[0]?.table.title;
}
