import { CONFIGURED_ENGINES } from "./engines.ts";
import type { KeyTable } from "./key_table.ts";
import { PROJECT_KEYS } from "./project.ts";

const TABLES: readonly KeyTable[] = [
  PROJECT_KEYS,
  ...CONFIGURED_ENGINES.map(({ engineTable }) => engineTable),
  ...CONFIGURED_ENGINES.map(({ taskTable }) => taskTable),
];

/**
 * The group that knows a key which `table` does not: `[task]`, or `[task] of cslide` where it is none
 * of the engine that `table` is for. @returns undefined when none knows it.
 */
export function homeOfKey(key: string, { engine }: KeyTable): string | undefined {
  const homes = TABLES.filter((table) => Object.hasOwn(table.keys, key));
  const own = homes.find((home) =>
    engine === undefined || home.engine === undefined || home.engine === engine
  );
  return own === undefined ? homes[0]?.title : `[${own.group}]`;
}
