import type { OutCount } from "../engine/engine.ts";
import type { ObjectNames } from "../config/object_names.ts";
import { Refusal } from "../rpc/refusal.ts";
import {
  type LiveEngine,
  type LiveProject,
  nameOf,
  type ObjectDescription,
  type TaskRef,
  tasksOf,
} from "./live_project.ts";
import { noEngine, noProject, noTask } from "./refusals.ts";
import { countOut } from "./swapped_out.ts";
import { stopTasks } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/** The names of the objects to remove, as a configuration file lists them. */
export type NamesToRemove = Omit<ObjectNames, "warnings">;

type Projects = ReadonlyMap<string, LiveProject>;

/** What is to be removed: projects and engines with all that is in them. */
export interface Doomed {
  readonly projects: ReadonlySet<LiveProject>;
  readonly engines: ReadonlySet<LiveEngine>;
  readonly tasks: readonly TaskRef[];
}

/** Finds what is named. @throws {Refusal} when one of them is not there. */
export function findDoomed(
  projects: ReadonlyMap<string, LiveProject>,
  names: NamesToRemove,
): Doomed {
  const projectOf = (name: string): LiveProject => {
    const project = projects.get(name);
    if (project === undefined) throw noProject(name);
    return project;
  };
  const engineOf = (project: string, name: string): LiveEngine => {
    const engine = projectOf(project).engines.get(name);
    if (engine === undefined) throw noEngine(project, name);
    return engine;
  };
  const named = names.tasks.map((name): TaskRef => {
    const engine = engineOf(name.project, name.engine);
    const task = engine.tasks.get(name.name);
    if (task === undefined) throw noTask(name.project, name.engine, name.name);
    return { engine, task };
  });
  const engines = new Set(names.engines.map(({ project, name }) => engineOf(project, name)));
  const doomedProjects = new Set(names.projects.map(projectOf));
  for (const project of doomedProjects) {
    for (const engine of project.engines.values()) engines.add(engine);
  }
  const unique = new Map(
    [...named, ...tasksOf(engines)].map((ref): [unknown, TaskRef] => [ref.task, ref]),
  );
  return { projects: doomedProjects, engines, tasks: [...unique.values()] };
}

/**
 * Gives up the commands of the engines and tasks to remove, so that no command holds the removal
 * up. An engine that stays with its other tasks may still finish its work on such a command.
 */
export function giveUpCommands({ engines, tasks }: Doomed, projects: Projects): void {
  for (const { description: { project, name }, commands } of engines) {
    const detail = `"${name}" in project "${project}": removed during the command`;
    commands.giveUp(new Refusal("noEngine", detail), { isUrgent: true });
  }
  for (const ref of tasks) {
    const detail = `${nameOf(ref)} was removed during the command`;
    ref.engine.commands.giveUp(new Refusal("noTask", detail), { isUrgent: false });
    const project = projects.get(ref.task.project);
    if (project !== undefined) giveUpRestores(project, new Refusal("noTask", detail));
  }
}

/** Ends what brings the memory of a project back. */
export function giveUpRestores({ restores }: LiveProject, reason: Refusal): void {
  restores.giveUp(reason, { isUrgent: true });
}

/** The result of a removal. */
export interface Removed {
  /** The descriptions of the removed objects. */
  readonly gone: readonly ObjectDescription[];
  /** What failed on the way, one line each; they are in the log too. */
  readonly problems: readonly string[];
  /** What the tasks had moved to swap, and is still there, if that was asked for. */
  readonly out: OutCount;
}

/**
 * Removes the named tasks, the named engines with their tasks, and the named projects with their
 * engines and tasks. Tasks of started projects are stopped first.
 * @param countsOut whether to count what is still in swap.
 * @throws {Refusal} when one of the names is unknown; then nothing is removed.
 */
export async function removeObjects(
  projects: Map<string, LiveProject>,
  names: NamesToRemove,
  countsOut: boolean,
): Promise<Removed> {
  const doomed = findDoomed(projects, names);
  giveUpCommands(doomed, projects);
  const unstopped = await stopTasks(runningOf(projects, doomed));
  const out = countsOut ? await countOut(doomed.tasks) : { bytes: 0, isWhole: true };
  const unclosed = await dropDoomed(projects, doomed);
  return { gone: descriptionsOf(doomed), problems: [...unstopped, ...unclosed], out };
}

/** The tasks of started projects. */
export function runningOf(projects: Projects, { tasks }: Doomed): TaskRef[] {
  return tasks.filter((ref) => projects.get(ref.task.project)?.started === true);
}

/** Takes out what has been stopped. @returns one line for each that failed. */
export function dropDoomed(
  projects: Map<string, LiveProject>,
  doomed: Doomed,
): Promise<string[]> {
  for (const { engine, task } of doomed.tasks) engine.tasks.delete(task.name);
  for (const { description } of doomed.engines) {
    projects.get(description.project)?.engines.delete(description.name);
  }
  for (const { description } of doomed.projects) projects.delete(description.name);
  return tearDown({ tasks: doomed.tasks, engines: [...doomed.engines] });
}

export function descriptionsOf({ projects, engines, tasks }: Doomed): ObjectDescription[] {
  return [
    ...[...projects, ...engines].map(({ description }) => description),
    ...tasks.map(({ task }) => task),
  ];
}
