import type { ObjectDescription } from "./live_project.ts";

/** An object among all of a server: `project`, `project engine` or `project engine task`. */
export function objectKey(object: ObjectDescription): string {
  if (!("project" in object)) return object.name;
  if (!("engine" in object)) return `${object.project} ${object.name}`;
  return `${object.project} ${object.engine} ${object.name}`;
}

/** How an object is named in answers and in the log. */
export function nameOfObject(object: ObjectDescription): string {
  if (!("project" in object)) return `project "${object.name}"`;
  if (!("engine" in object)) return `engine "${object.name}" in project "${object.project}"`;
  const { name, engine, project } = object;
  return `task "${name}" of engine "${engine}" in project "${project}"`;
}

/** The project of an object, or its own name if it is one. */
export function projectOf(object: ObjectDescription): string {
  return "project" in object ? object.project : object.name;
}

/** The key of what an object belongs to; undefined for a project. */
export function parentKey(object: ObjectDescription): string | undefined {
  if (!("project" in object)) return undefined;
  return "engine" in object ? `${object.project} ${object.engine}` : object.project;
}
