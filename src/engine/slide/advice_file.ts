import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import type { TaskAdvice } from "../../status/advice.ts";
import { targetValue } from "../target_value.ts";
import type { Schedule } from "./advice.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

type Lines = Readonly<Record<string, string | number | undefined>>;

function group(name: string, keys: Lines): string[] {
  const lines = Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`]
  );
  return [`[${name}]`, ...lines, ""];
}

function pinned(name: string): string | undefined {
  return name === "auto" ? undefined : name;
}

function taskLines(task: SlideTaskDescription, advice: TaskAdvice): string[] {
  const { project, engine, name, target, maxThreads, swapThresholdBytes, swapFlag } = task;
  const { moveRateBytes } = task;
  return group("task", {
    project,
    engine,
    name,
    type: target.type,
    value: targetValue(target),
    T: 1,
    stall_limit: advice.stall_limit_percent,
    dram_percent: advice.dram_percent,
    move_rate: moveRateBytes === undefined ? undefined : moveRateBytes / MIB,
    max_threads: maxThreads === 1 ? undefined : maxThreads,
    swap_threshold: swapThresholdBytes === undefined ? undefined : `${swapThresholdBytes / GIB}g`,
    swap_flag: swapFlag ? "yes" : undefined,
  });
}

/**
 * The configuration file of a project with what is advised, line by line: all keys that the advice
 * is not about are as they were.
 * @param tasks each with the advice that it gets.
 */
export function adviceFile(
  project: ProjectDescription,
  { loop, intervalSeconds }: Schedule,
  tasks: readonly (readonly [SlideTaskDescription, TaskAdvice])[],
): string[] {
  const { name, sysmemThresholdPercent, swapcacheWmark, tracker, mover } = project;
  return [
    ...group("project", {
      name,
      loop,
      interval: intervalSeconds,
      sleep: intervalSeconds,
      sysmem_threshold: sysmemThresholdPercent,
      swapcache_high_wmark: swapcacheWmark?.highPercent,
      swapcache_low_wmark: swapcacheWmark?.lowPercent,
      tracker: pinned(tracker),
      mover: pinned(mover),
    }),
    ...group("engine", { name: "slide", project: name }),
    ...tasks.flatMap(([task, advice]) => taskLines(task, advice)),
  ].slice(0, -1);
}
