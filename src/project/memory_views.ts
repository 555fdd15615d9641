import type { HistogramRequest } from "../engine/engine.ts";
import { Refusal } from "../rpc/refusal.ts";
import type { AdviceDocument } from "../status/advice.ts";
import type { HistogramDocument, TaskHistogram } from "../status/histogram.ts";
import type { LiveProject } from "./live_project.ts";
import { engineFailure } from "./refusals.ts";

/**
 * The memory of the tasks of a project by its idle age, newest task first.
 * @param task only this one. @throws {Refusal} or the signal's reason.
 */
export async function histogramOf(
  { description: { name }, engines, isDryRun }: LiveProject,
  task: string | undefined,
  request: HistogramRequest,
): Promise<HistogramDocument> {
  const refs = [...engines.values()].reverse().flatMap(({ engine, description, tasks }) =>
    [...tasks.keys()].reverse().filter((one) => task === undefined || one === task)
      .map((one) => ({ engine, engineName: description.name, task: one }))
  );
  if (refs.length === 0 && task !== undefined) {
    throw new Refusal("noTask", `"${task}" in project "${name}"`);
  }
  const histograms: TaskHistogram[] = [];
  for (const { engine, engineName, task: one } of refs) {
    const missing = `engine ${engineName} keeps no ages of memory: only slide does`;
    try {
      histograms.push(
        await engine.histogram?.(one, request) ?? { name: one, engine: engineName, missing },
      );
    } catch (error) {
      request.signal.throwIfAborted();
      throw engineFailure(`Cannot look at task "${one}"`, error, "internal");
    }
  }
  return {
    version: 1,
    taken_at: new Date().toISOString(),
    project: name,
    ...(isDryRun ? { dry_run: true } : {}),
    tasks: histograms,
  };
}

/**
 * What fits a project, by what was seen of it.
 * @param stallLimitPercent that of all tasks; undefined: each has its own.
 * @throws {Refusal} when it has no task that is advised.
 */
export function adviceFor(
  { description: { name }, engines }: LiveProject,
  stallLimitPercent: number | undefined,
): AdviceDocument {
  const advisers = [...engines.values()].flatMap(({ engine }) =>
    engine.advise === undefined ? [] : [engine.advise(stallLimitPercent)]
  );
  const tasks = advisers.flatMap((advice) => advice.tasks);
  if (tasks.length === 0) {
    throw new Refusal("noTask", `project "${name}" has none of slide, and only slide is advised`);
  }
  const states = ["advised", "too_little_seen"] as const;
  const found = states.find((state) => tasks.some((task) => task.state === state));
  return {
    version: 1,
    taken_at: new Date().toISOString(),
    project: name,
    state: found ?? "nothing_to_move",
    tasks,
    lines: advisers.flatMap(({ lines }) => lines),
  };
}
