import type { EngineConfig } from "../engine_config.ts";
import type { Keys } from "../key_table.ts";
import { byteCount, decimal } from "../number_forms.ts";
import { cgroupPath, type TaskCommon } from "../task.ts";

/** The [engine] of psi, compiled: it has no keys of its own. */
export interface PsiEngineDescription {
  readonly kind: "psi";
  readonly project: string;
  readonly name: "psi";
}

/** A [task] of psi, compiled; its target is that of cg_dir. */
export interface PsiTaskDescription extends TaskCommon {
  readonly kind: "psi";
  /** Reclaim only while a group waits less than this, in percent of its time. */
  readonly pressurePercent: number;
  /** Share of what is above the limit that is asked for in a round, at the start. */
  readonly rate: number;
  readonly rateMin: number;
  readonly rateMax: number;
  /** What stays beside what cannot be reclaimed. */
  readonly limitMinBytes: number;
  /** Share of the size of a group that stays. */
  readonly limitMinRatio: number;
  /** The most that is asked of a group in a round. */
  readonly reclaimMaxBytes: number;
}

const RATE = decimal(0.001, 1);

const engineKeys = {} satisfies Keys;

const taskKeys = {
  cg_dir: {
    // The original has 64 bytes for it.
    form: cgroupPath(63),
    mandatory: true,
    meaning: "control groups, a path or glob",
    example: "system.slice/*.service",
  },
  pressure: {
    form: decimal(0.001, 100),
    mandatory: false,
    default: "0.1",
    meaning: "reclaim only while a group waits less than this, in percent of its time",
    example: "0.1",
  },
  reclaim_rate: {
    form: RATE,
    mandatory: false,
    default: "0.05",
    meaning: "share of the memory above its limit that a group is asked for in a round, at first",
    example: "0.05",
  },
  reclaim_rate_max: {
    form: RATE,
    mandatory: false,
    default: "0.5",
    meaning: "the most that the share becomes while a group hardly waits",
    example: "0.5",
  },
  reclaim_rate_min: {
    form: RATE,
    mandatory: false,
    default: "0.01",
    meaning: "the least that the share becomes while a group waits",
    example: "0.01",
  },
  limit_min_bytes: {
    form: byteCount(0),
    mandatory: false,
    default: "0",
    meaning: "bytes that stay, beside what cannot be reclaimed",
    example: "104857600",
  },
  limit_min_ratio: {
    form: decimal(0, 1),
    mandatory: false,
    default: "0.1",
    meaning: "share of a group's size that stays",
    example: "0.1",
  },
  reclaim_max_bytes: {
    form: byteCount(4096),
    mandatory: false,
    default: "1073741824",
    meaning: "bytes that a group is asked for in a round at most",
    example: "1073741824",
  },
} satisfies Keys;

/** psi reclaims memory of control groups, as much as they do not miss. */
export const PSI: EngineConfig<
  PsiEngineDescription,
  PsiTaskDescription,
  typeof engineKeys,
  typeof taskKeys
> = {
  kind: "psi",
  scanType: "psi",
  groupKey: "cg_dir",
  engineKeys,
  taskKeys,
  compileEngine: (_values, project) => ({ kind: "psi", project, name: "psi" }),
  compileTask(values, common, { task }) {
    const { reclaim_rate: rate, reclaim_rate_min: rateMin, reclaim_rate_max: rateMax } = values;
    if (rateMin > rateMax) {
      const most = `at most reclaim_rate_max, that is ${rateMax}`;
      task.refuse("reclaim_rate_min", "out of range", most);
      task.refuse(
        "reclaim_rate_max",
        "out of range",
        `at least reclaim_rate_min, that is ${rateMin}`,
      );
    } else if (rate < rateMin || rate > rateMax) {
      const range = `reclaim_rate_min to reclaim_rate_max, that is ${rateMin} to ${rateMax}`;
      task.refuse("reclaim_rate", "out of range", range);
      task.refuse("reclaim_rate_min", "out of range", `at most reclaim_rate, that is ${rate}`);
      task.refuse("reclaim_rate_max", "out of range", `at least reclaim_rate, that is ${rate}`);
    }
    return {
      kind: "psi",
      ...common,
      pressurePercent: values.pressure,
      rate,
      rateMin,
      rateMax,
      limitMinBytes: values.limit_min_bytes,
      limitMinRatio: values.limit_min_ratio,
      reclaimMaxBytes: values.reclaim_max_bytes,
    };
  },
};
