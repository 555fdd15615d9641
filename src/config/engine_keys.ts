import type { KeySpec, KeyTable } from "./key_table.ts";
import { libraryPath, symbolName } from "./library_form.ts";
import { ENGINE_KINDS, engineName, objectName, UNSUPPORTED_ENGINES } from "./name_form.ts";
import { nodePairs } from "./node_pair_form.ts";
import { natural, oneOf } from "./value_form.ts";

const common = {
  name: {
    form: oneOf(ENGINE_KINDS, UNSUPPORTED_ENGINES),
    mandatory: true,
    meaning: "which engine it is",
  },
  project: { form: objectName, mandatory: true, meaning: "project that the engine belongs to" },
} satisfies Record<string, KeySpec<unknown>>;

const cslide = {
  ...common,
  node_pair: {
    form: nodePairs,
    mandatory: true,
    meaning: "pairs of NUMA nodes, the slow one (AEP) and DRAM",
  },
  hot_threshold: {
    form: natural,
    mandatory: true,
    meaning: "accesses in a round from which memory is hot",
  },
  node_mig_quota: {
    form: natural,
    mandatory: true,
    meaning: "MB that move at most per direction, round and pair",
  },
  node_hot_reserve: {
    form: natural,
    mandatory: true,
    meaning: "MB that are kept free for hot memory in DRAM",
  },
} satisfies Record<string, KeySpec<unknown>>;

const thirdparty = {
  ...common,
  eng_name: {
    form: engineName,
    mandatory: true,
    meaning: "what tasks call the engine",
  },
  libname: { form: libraryPath, mandatory: true, meaning: "shared library of the engine" },
  ops_name: {
    form: symbolName,
    mandatory: true,
    meaning: "struct engine_ops that the library exports",
  },
} satisfies Record<string, KeySpec<unknown>>;

/** The source document's table has `engine` where its samples have `name`. */
const aliases = { engine: "name" };

/** [engine] with name=slide. */
export const SLIDE_ENGINE_KEYS: KeyTable<typeof common> = {
  title: "[engine] of slide",
  keys: common,
  aliases,
};

/** [engine] with name=cslide. */
export const CSLIDE_ENGINE_KEYS: KeyTable<typeof cslide> = {
  title: "[engine] of cslide",
  keys: cslide,
  aliases,
};

/** [engine] with name=thirdparty. */
export const THIRD_PARTY_ENGINE_KEYS: KeyTable<typeof thirdparty> = {
  title: "[engine] of thirdparty",
  keys: thirdparty,
  aliases,
  hasPrivateKeys: true,
};

/** [engine] where it is not known which one it is: the keys that all engines have. */
export const ANY_ENGINE_KEYS: KeyTable<typeof common> = {
  title: "[engine]",
  keys: common,
  aliases,
  hasPrivateKeys: true,
};
