import type { MoverName } from "../mover/movers.ts";
import type { TrackerName } from "../tracker/trackers.ts";
import type { Keys, KeySpec, KeyTable, ValuesOf } from "./key_table.ts";
import type { KeyedObject } from "./keyed_object.ts";
import { integer } from "./number_forms.ts";
import { objectName, oneOf, yesNo } from "./text_forms.ts";

/** What the rounds of a project do: scan pages, or reclaim by pressure. */
export type ScanType = "page" | "psi";

/** A [project], compiled. */
export interface ProjectDescription {
  readonly name: string;
  /** Absent: page. */
  readonly scanType?: "psi";
  /** Scans in a round, 1 to 120; 1 with scanType psi. */
  readonly loop: number;
  /** Seconds between two scans of a round, 1 to 1200; with scanType psi between two rounds. */
  readonly intervalSeconds: number;
  /** Seconds between the end of a round and the next, 1 to 1200; intervalSeconds with psi. */
  readonly sleepSeconds: number;
  /** Swap only while MemAvailable is below this share of MemTotal, 0 to 100. */
  readonly sysmemThresholdPercent?: number;
  /** Both marks in percent of MemTotal, 1 <= low < high <= 100. */
  readonly swapcacheWmark?: { readonly lowPercent: number; readonly highPercent: number };
  readonly tracker: "auto" | TrackerName;
  readonly mover: "auto" | MoverName;
  /** Nothing is moved; absent: it is. */
  readonly dryRun?: true;
}

/** The trackers and movers that a project may choose, best first. */
export interface PinnableNames {
  readonly trackers: readonly TrackerName[];
  readonly movers: readonly MoverName[];
}

/** Most scans in a round. */
export const LOOP_MAX = 120;

const HIGH = "swapcache_high_wmark";
const LOW = "swapcache_low_wmark";

const keys = {
  name: { form: objectName, mandatory: true, meaning: "name of the project", example: "web" },
  loop: {
    form: integer(1, LOOP_MAX),
    mandatory: true,
    meaning: "scans in a round",
    example: "3",
  } as KeySpec<number>,
  interval: {
    form: integer(1, 1200),
    mandatory: true,
    meaning: "seconds between two scans",
    example: "60",
  },
  sleep: {
    form: integer(1, 1200),
    mandatory: true,
    meaning: "seconds between two rounds",
    example: "60",
  } as KeySpec<number>,
  scan_type: {
    form: oneOf(["page", "psi"], ["region"]),
    mandatory: false,
    default: "page",
    meaning: "what a round does: scan pages, or with the engine psi reclaim by pressure",
    example: "page",
  },
  sysmem_threshold: {
    form: integer(0, 100),
    mandatory: false,
    meaning: "slide: swap only while less than this percentage of the system's memory is available",
    example: "50",
  },
  [HIGH]: {
    form: integer(1, 100),
    mandatory: false,
    meaning: "slide: percentage of the system's memory above which the swap cache is reclaimed",
    example: "10",
  },
  [LOW]: {
    form: integer(1, 100),
    mandatory: false,
    meaning: "slide: percentage of the system's memory down to which the swap cache is reclaimed",
    example: "6",
  },
} satisfies Keys;

function keysWith({ trackers, movers }: PinnableNames) {
  return {
    ...keys,
    tracker: {
      form: oneOf(["auto", ...trackers]),
      mandatory: false,
      default: "auto",
      meaning: "how accesses are observed",
      example: "page_idle",
    },
    mover: {
      form: oneOf(["auto", ...movers]),
      mandatory: false,
      default: "auto",
      meaning: "how pages go to swap",
      example: "process_madvise",
    },
    dry_run: {
      form: yesNo,
      mandatory: false,
      default: "no",
      meaning: "slide: account as if it moved, and move nothing",
      example: "yes",
    },
  } satisfies Keys;
}

type ProjectKeys = ReturnType<typeof keysWith>;

/** [project]. The aliases are slips of the source document's samples. */
export function projectKeys(names: PinnableNames): KeyTable<ProjectKeys> {
  return {
    group: "project",
    title: "[project]",
    keys: keysWith(names),
    aliases: { swapcache_high_vmark: HIGH, swapcache_low_vmark: LOW },
  };
}

/** [project] where only its keys matter, and not which names `tracker` and `mover` take. */
export const PROJECT_KEYS: KeyTable<ProjectKeys> = projectKeys({ trackers: [], movers: [] });

/** [project] with scan_type=psi: `loop` and `sleep` have no use. */
export function psiProjectKeys(names: PinnableNames): KeyTable<ProjectKeys> {
  const table = projectKeys(names);
  const { loop, sleep } = table.keys;
  return {
    ...table,
    keys: {
      ...table.keys,
      loop: { ...loop, mandatory: false },
      sleep: { ...sleep, mandatory: false },
    },
  };
}

/** Whether a [project] says scan_type=psi. */
export function isPsiProject(project: KeyedObject): boolean {
  return project.entry("scan_type")?.value === "psi";
}

/** Compiles the values of a [project]; what is wrong with them is refused in its findings. */
export function compileProject(
  values: ValuesOf<ProjectKeys>,
  project: KeyedObject,
): ProjectDescription {
  const swapcacheWmark = compileWmark(values, project);
  const isPsi = values.scan_type === "psi";
  if (isPsi) {
    for (const key of ["loop", "sleep"]) project.warn(key, "not used with scan_type=psi");
  }
  return {
    name: values.name,
    ...(isPsi && { scanType: "psi" }),
    loop: (isPsi ? undefined : values.loop) ?? 1,
    intervalSeconds: values.interval,
    sleepSeconds: (isPsi ? undefined : values.sleep) ?? values.interval,
    ...(values.sysmem_threshold !== undefined && {
      sysmemThresholdPercent: values.sysmem_threshold,
    }),
    ...(swapcacheWmark !== undefined && { swapcacheWmark }),
    tracker: values.tracker,
    mover: values.mover,
    ...(values.dry_run && { dryRun: true }),
  };
}

function compileWmark(
  { [LOW]: lowPercent, [HIGH]: highPercent }: ValuesOf<ProjectKeys>,
  project: KeyedObject,
): ProjectDescription["swapcacheWmark"] {
  if (lowPercent !== undefined && highPercent !== undefined) {
    if (lowPercent >= highPercent) {
      project.refuse(LOW, "out of range", `less than ${HIGH}=${highPercent}`);
    }
    return { lowPercent, highPercent };
  }
  // At most one of them is there, and only that one is refused.
  project.refuse(LOW, `${HIGH} is missing`, "both or none");
  project.refuse(HIGH, `${LOW} is missing`, "both or none");
  return undefined;
}
