import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { ObjectDescription } from "./live_project.ts";

/** An engine and its tasks by name, as they are described. */
export interface EngineOutline {
  readonly description: EngineDescription;
  readonly tasks: ReadonlyMap<string, TaskDescription>;
}

/** A project and its engines by name, as they are described. */
export interface ProjectOutline {
  readonly description: ProjectDescription;
  readonly engines: ReadonlyMap<string, EngineOutline>;
}

/** Projects by name. */
export type Outline = ReadonlyMap<string, ProjectOutline>;

/** The object that has the name of another one. */
export function namesake(
  outline: Outline,
  object: ObjectDescription,
): ObjectDescription | undefined {
  if (!("project" in object)) return outline.get(object.name)?.description;
  const engines = outline.get(object.project)?.engines;
  if (!("engine" in object)) return engines?.get(object.name)?.description;
  return engines?.get(object.engine)?.tasks.get(object.name);
}

/** All objects, parents before what is in them. */
export function* everyObject(outline: Outline): Generator<ObjectDescription> {
  for (const project of outline.values()) {
    yield project.description;
    for (const engine of project.engines.values()) {
      yield engine.description;
      yield* engine.tasks.values();
    }
  }
}
