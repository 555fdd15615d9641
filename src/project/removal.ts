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
import { stopTasks } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/** The names of the objects to remove, as a configuration file lists them. */
export type NamesToRemove = Omit<ObjectNames, "warnings">;

interface Doomed {
  readonly projects: ReadonlySet<LiveProject>;
  readonly engines: ReadonlySet<LiveEngine>;
  readonly tasks: readonly TaskRef[];
}

/** @throws {Refusal} when one of them is not there. */
function find(projects: ReadonlyMap<string, LiveProject>, names: NamesToRemove): Doomed {
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
function giveUpCommands({ engines, tasks }: Doomed): void {
  for (const { description: { project, name }, commands } of engines) {
    const detail = `"${name}" in project "${project}": removed during the command`;
    commands.giveUp(new Refusal("noEngine", detail), { isUrgent: true });
  }
  for (const ref of tasks) {
    const detail = `${nameOf(ref)} was removed during the command`;
    ref.engine.commands.giveUp(new Refusal("noTask", detail), { isUrgent: false });
  }
}

/** The result of a removal. */
export interface Removed {
  /** The descriptions of the removed objects. */
  readonly gone: readonly ObjectDescription[];
  /** What failed on the way, one line each; they are in the log too. */
  readonly problems: readonly string[];
}

/**
 * Removes the named tasks, the named engines with their tasks, and the named projects with their
 * engines and tasks. Tasks of started projects are stopped first.
 * @throws {Refusal} when one of the names is unknown; then nothing is removed.
 */
export async function removeObjects(
  projects: Map<string, LiveProject>,
  names: NamesToRemove,
): Promise<Removed> {
  const doomed = find(projects, names);
  giveUpCommands(doomed);
  const unstopped = await stopTasks(
    doomed.tasks.filter((ref) => projects.get(ref.task.project)?.started === true),
  );
  for (const { engine, task } of doomed.tasks) engine.tasks.delete(task.name);
  for (const { description } of doomed.engines) {
    projects.get(description.project)?.engines.delete(description.name);
  }
  for (const { description } of doomed.projects) projects.delete(description.name);
  const unclosed = await tearDown({ tasks: doomed.tasks, engines: [...doomed.engines] });
  const gone = [
    ...[...doomed.projects, ...doomed.engines].map(({ description }) => description),
    ...doomed.tasks.map(({ task }) => task),
  ];
  return { gone, problems: [...unstopped, ...unclosed] };
}
