import {
  ANY_ENGINE_KEYS,
  CSLIDE_ENGINE_KEYS,
  THIRD_PARTY_ENGINE_KEYS,
} from "../../src/config/engine_keys.ts";
import type { KeySpec, KeyTable } from "../../src/config/key_table.ts";
import { PROJECT_KEYS } from "../../src/config/project_keys.ts";
import {
  ANY_TASK_KEYS,
  CSLIDE_TASK_KEYS,
  SLIDE_TASK_KEYS,
  THIRD_PARTY_TASK_KEYS,
} from "../../src/config/task_keys.ts";

type AnyKeyTable = KeyTable<Readonly<Record<string, KeySpec<unknown>>>>;

/** The tables of all keys by what manuals call them; an engine's table holds the keys of all engines too. */
export const KEY_TABLES: Readonly<Record<string, AnyKeyTable>> = {
  project: PROJECT_KEYS,
  engine: ANY_ENGINE_KEYS,
  "engine-cslide": CSLIDE_ENGINE_KEYS,
  "engine-thirdparty": THIRD_PARTY_ENGINE_KEYS,
  task: ANY_TASK_KEYS,
  "task-slide": SLIDE_TASK_KEYS,
  "task-cslide": CSLIDE_TASK_KEYS,
  "task-thirdparty": THIRD_PARTY_TASK_KEYS,
};
