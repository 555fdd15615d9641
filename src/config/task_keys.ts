import type { KeySpec, KeyTable } from "./key_table.ts";
import { memorySize } from "./memory_size_form.ts";
import { engineReference, objectName } from "./name_form.ts";
import { comm, pid } from "./target_form.ts";
import { anyInteger, integer, oneOf, type ValueForm, yesNo } from "./value_form.ts";
import { vmFlags } from "./vm_flags_form.ts";

/** `value`, to be read again once the type is known. */
const target: ValueForm<string> = {
  allowed: `for type=pid ${pid.allowed}, for type=name ${comm.allowed}`,
  read: (raw) => raw,
};

const common = {
  name: { form: objectName, mandatory: true, meaning: "name of the task" },
  project: { form: objectName, mandatory: true, meaning: "project that the task belongs to" },
  engine: { form: engineReference, mandatory: true, meaning: "engine that works on the task" },
  type: {
    form: oneOf(["pid", "name"]),
    mandatory: true,
    meaning: "whether value is a process ID or a process name",
  },
  value: { form: target, mandatory: true, meaning: "ID or name of the target processes" },
} satisfies Record<string, KeySpec<unknown>>;

const maxThreads = {
  form: anyInteger("1 to 2 * cores + 1"),
  mandatory: false,
  default: "1",
  meaning: "processes of the task that are worked on at the same time",
} satisfies KeySpec<number>;

const swapFlag = {
  form: yesNo,
  mandatory: false,
  default: "no",
  meaning: "swap only memory that its process marked with madvise(MADV_SWAPFLAG)",
} satisfies KeySpec<boolean>;

const slide = {
  ...common,
  T: {
    form: anyInteger("0 to 3 * loop"),
    mandatory: true,
    meaning: "accesses in a round below which memory is cold",
  },
  max_threads: maxThreads,
  swap_threshold: {
    form: memorySize,
    mandatory: false,
    meaning: "swap only processes that occupy more memory than this",
  },
  swap_flag: swapFlag,
  dram_percent: {
    form: integer(1, 100),
    mandatory: false,
    meaning: "swap only the coldest memory, until this percentage of the process is left in DRAM",
  },
} satisfies Record<string, KeySpec<unknown>>;

const cslide = {
  ...common,
  vm_flags: { form: vmFlags, mandatory: false, meaning: "scan only VMAs with all of these flags" },
  anon_only: {
    form: yesNo,
    mandatory: false,
    default: "no",
    meaning: "scan anonymous memory only",
  },
  ign_host: {
    form: yesNo,
    mandatory: false,
    default: "no",
    meaning: "ignore accesses of the host to guest memory",
  },
} satisfies Record<string, KeySpec<unknown>>;

const thirdParty = {
  ...common,
  max_threads: maxThreads,
  swap_flag: swapFlag,
} satisfies Record<string, KeySpec<unknown>>;

/** [task] with engine=slide. */
export const SLIDE_TASK_KEYS: KeyTable<typeof slide> = { title: "[task] of slide", keys: slide };

/** [task] with engine=cslide. */
export const CSLIDE_TASK_KEYS: KeyTable<typeof cslide> = {
  title: "[task] of cslide",
  keys: cslide,
};

/** [task] of any other engine, which is a third-party one. */
export const THIRD_PARTY_TASK_KEYS: KeyTable<typeof thirdParty> = {
  title: "[task] of a third-party engine",
  keys: thirdParty,
  hasPrivateKeys: true,
};

/** [task] without an engine: the keys that all tasks have. */
export const ANY_TASK_KEYS: KeyTable<typeof common> = {
  title: "[task]",
  keys: common,
  hasPrivateKeys: true,
};
