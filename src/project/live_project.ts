import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { Engine } from "../engine/engine.ts";
import type { RunningCommands } from "./running_commands.ts";

/** The description of an object of a configuration file. */
export type ObjectDescription = ProjectDescription | EngineDescription | TaskDescription;

/** An engine of a project with its tasks, oldest first. */
export interface LiveEngine {
  readonly description: EngineDescription;
  readonly engine: Engine;
  readonly tasks: Map<string, TaskDescription>;
  readonly commands: RunningCommands;
}

/** A project with its engines, oldest first. */
export interface LiveProject {
  readonly description: ProjectDescription;
  readonly engines: Map<string, LiveEngine>;
  started: boolean;
  /** While it is started: whether nothing is moved. */
  isDryRun: boolean;
  /** What brings its memory back while it is stopped: one at a time. */
  readonly restores: RunningCommands;
}

/** A task by the engine that runs it. */
export interface TaskRef {
  readonly engine: LiveEngine;
  readonly task: TaskDescription;
}

/** An engine in tables of several projects. Names have no blanks, so no two have the same key. */
export function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}

/** All tasks of some engines, oldest first. */
export function tasksOf(engines: Iterable<LiveEngine>): TaskRef[] {
  const refs: TaskRef[] = [];
  for (const engine of engines) {
    for (const task of engine.tasks.values()) refs.push({ engine, task });
  }
  return refs;
}

/** How a task is named in answers and in the log. */
export function nameOf({ engine, task }: TaskRef): string {
  return `task "${task.name}" of engine "${engine.description.name}" in project "${task.project}"`;
}

/** A dry run that its configuration does not ask for: it is not there after a restart. */
export function isTransient({ started, isDryRun, description }: LiveProject): boolean {
  return started && isDryRun && description.dryRun === undefined;
}
