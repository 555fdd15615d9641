import type { KeySpec, KeyTable } from "./key_table.ts";
import { objectName } from "./name_form.ts";
import { integer, oneOf } from "./value_form.ts";

/** Most scans in a round. */
export const LOOP_MAX = 120;

const keys = {
  name: { form: objectName, mandatory: true, meaning: "name of the project" },
  loop: { form: integer(1, LOOP_MAX), mandatory: true, meaning: "scans in a round" },
  interval: { form: integer(1, 1200), mandatory: true, meaning: "seconds between two scans" },
  sleep: { form: integer(1, 1200), mandatory: true, meaning: "seconds between two rounds" },
  scan_type: {
    form: oneOf(["page"], ["region", "psi"]),
    mandatory: false,
    default: "page",
    meaning: "what a scan looks at",
  },
  sysmem_threshold: {
    form: integer(0, 100),
    mandatory: false,
    meaning: "slide: swap only while less than this percentage of the system's memory is available",
  },
  swapcache_high_wmark: {
    form: integer(1, 100),
    mandatory: false,
    meaning: "slide: percentage of the system's memory above which the swap cache is reclaimed",
  },
  swapcache_low_wmark: {
    form: integer(1, 100),
    mandatory: false,
    meaning: "slide: percentage of the system's memory down to which the swap cache is reclaimed",
  },
  tracker: {
    form: oneOf(["auto", "idle_pages", "page_idle", "smaps"]),
    mandatory: false,
    default: "auto",
    meaning: "how accesses are observed",
  },
  mover: {
    form: oneOf(["auto", "swap_pages", "process_madvise"]),
    mandatory: false,
    default: "auto",
    meaning: "how pages go to swap",
  },
} satisfies Record<string, KeySpec<unknown>>;

/** [project]. The aliases are slips of the source document's samples. */
export const PROJECT_KEYS: KeyTable<typeof keys> = {
  title: "[project]",
  keys,
  aliases: {
    swapcache_high_vmark: "swapcache_high_wmark",
    swapcache_low_vmark: "swapcache_low_wmark",
  },
};
