import { ANY_ENGINE_KEYS, ANY_TASK_KEYS, CONFIGURED_ENGINES } from "../../src/config/engines.ts";
import type { KeyTable } from "../../src/config/key_table.ts";
import { projectKeys } from "../../src/config/project.ts";
import { loadPinnableNames } from "../../src/daemon/load_engines.ts";

const TABLES: readonly KeyTable[] = [
  projectKeys(await loadPinnableNames()),
  ANY_ENGINE_KEYS,
  ...CONFIGURED_ENGINES.map(({ engineTable }) => engineTable),
  ANY_TASK_KEYS,
  ...CONFIGURED_ENGINES.map(({ taskTable }) => taskTable),
];

/**
 * The tables of all keys by what manuals call them: `project`, `task`, `task-slide`. The table of
 * an engine holds the keys of all engines too.
 */
export const KEY_TABLES: ReadonlyMap<string, KeyTable> = new Map(
  TABLES.map((table) => [
    table.engine === undefined ? table.group : `${table.group}-${table.engine}`,
    table,
  ]),
);
