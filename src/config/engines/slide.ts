import type { EngineConfig } from "../engine_config.ts";
import type { Keys } from "../key_table.ts";
import { anyInteger, decimalOrNo, integer, integerOrOff, memorySize } from "../number_forms.ts";
import { LOOP_MAX, type ProjectDescription } from "../project.ts";
import { clampThreads, maxThreads, swapFlag, type TaskCommon, type TaskContext } from "../task.ts";

/** The [engine] of slide, compiled: it has no keys of its own. */
export interface SlideEngineDescription {
  readonly kind: "slide";
  readonly project: string;
  readonly name: "slide";
}

/** A [task] of slide, compiled. */
export interface SlideTaskDescription extends TaskCommon {
  readonly kind: "slide";
  /** A page with fewer accesses than this in a round is cold. 0 to loop. */
  readonly coldThreshold: number;
  /** Processes worked on at the same time, 1 to 2 * cores + 1. */
  readonly maxThreads: number;
  /** Swap only a process whose VmRSS is above this. */
  readonly swapThresholdBytes?: number;
  /** Swap only memory that the process marked with MADV_SWAPFLAG. */
  readonly swapFlag: boolean;
  /** Swap only the coldest, down to this resident share of VmRSS + VmSwap, 1 to 100. */
  readonly dramPercent?: number;
  /**
   * The most that a process shall wait for what was moved, in percent of its time, 0.01 to 100;
   * absent: `no`.
   */
  readonly stallLimitPercent?: number;
  /** The most that moves in a second; absent: no limit. */
  readonly moveRateBytes?: number;
}

const engineKeys = {} satisfies Keys;

const taskKeys = {
  T: {
    form: anyInteger("0 to 3 * loop"),
    mandatory: true,
    meaning: "accesses in a round below which memory is cold",
    example: "1",
  },
  max_threads: maxThreads,
  swap_threshold: {
    form: memorySize,
    mandatory: false,
    meaning: "swap only processes that occupy more memory than this",
    example: "10g",
  },
  swap_flag: swapFlag,
  dram_percent: {
    form: integerOrOff(1, 100),
    mandatory: false,
    meaning: "swap only the coldest memory, until this percentage of the process is left in DRAM",
    example: "25",
  },
  stall_limit: {
    form: decimalOrNo(0.01, 100),
    mandatory: false,
    default: "0.1",
    meaning: "the most that a process shall wait for swapped memory, in percent of its time",
    example: "0.1",
  },
  move_rate: {
    form: integer(1, 100_000),
    mandatory: false,
    meaning: "the most that the task swaps in a second, in MiB",
    example: "100",
  },
} satisfies Keys;

const MIB = 2 ** 20;

/** slide swaps out what is cold. */
export const SLIDE: EngineConfig<
  SlideEngineDescription,
  SlideTaskDescription,
  typeof engineKeys,
  typeof taskKeys
> = {
  kind: "slide",
  engineKeys,
  taskKeys,
  compileEngine: (_values, project) => ({ kind: "slide", project, name: "slide" }),
  compileTask(values, common, context) {
    const project = context.project();
    if (values.dram_percent !== undefined && project?.tracker === "smaps") {
      context.task.warn(
        "dram_percent",
        "the start will be refused, tracker=smaps cannot order pages",
      );
    }
    return {
      kind: "slide",
      ...common,
      coldThreshold: coldThreshold(values.T, project, context),
      maxThreads: clampThreads(values.max_threads, context),
      ...(values.swap_threshold !== undefined && values.swap_threshold > 0 && {
        swapThresholdBytes: values.swap_threshold,
      }),
      swapFlag: values.swap_flag,
      ...(values.dram_percent !== undefined && { dramPercent: values.dram_percent }),
      ...(values.stall_limit !== "no" && { stallLimitPercent: values.stall_limit }),
      ...(values.move_rate !== undefined && { moveRateBytes: values.move_rate * MIB }),
    };
  },
};

/** The most that an access counts in a scan: SCAN_DIRTY_PAGE's weight in the original. */
const WEIGHT_MAX = 3;

/**
 * `T` may be up to 3 * loop. A page that is used in every scan is never cold, so a T above loop is
 * taken as loop.
 */
function coldThreshold(
  t: number,
  project: ProjectDescription | undefined,
  { task }: TaskContext,
): number {
  const loop = project?.loop ?? LOOP_MAX;
  const most = WEIGHT_MAX * loop;
  if (t < 0 || t > most) {
    task.refuse("T", "out of range", `0 to 3 * loop, that is 0 to ${most}`);
  }
  if (project === undefined || t <= loop) return t;
  task.warn("T", `taken as ${loop}, memory used in each of loop=${loop} scans is never cold`);
  return loop;
}
