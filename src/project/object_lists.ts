import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { ObjectDescriptions } from "./check_addition.ts";
import type { ObjectDescription } from "./live_project.ts";
import type { NamesToRemove } from "./removal.ts";

/** Projects first, then engines, then tasks: parents before what is in them. */
export function objectsOf({ projects, engines, tasks }: ObjectDescriptions): ObjectDescription[] {
  return [...projects, ...engines, ...tasks];
}

/** The names of objects, as a removal takes them. */
export function namesOf(objects: readonly ObjectDescription[]): NamesToRemove {
  const { projects, engines, tasks } = byKind(objects);
  return {
    projects: projects.map(({ name }) => name),
    engines: engines.map(({ project, name }) => ({ project, name })),
    tasks: tasks.map(({ project, engine, name }) => ({ project, engine, name })),
  };
}

/** Objects parted into projects, engines and tasks, each kind in the order given. */
export function byKind(objects: readonly ObjectDescription[]): ObjectDescriptions {
  const projects: ProjectDescription[] = [];
  const engines: EngineDescription[] = [];
  const tasks: TaskDescription[] = [];
  for (const object of objects) {
    if (!("project" in object)) projects.push(object);
    else if ("engine" in object) tasks.push(object);
    else engines.push(object);
  }
  return { projects, engines, tasks };
}
