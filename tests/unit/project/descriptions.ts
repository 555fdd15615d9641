import type {
  SlideEngineDescription,
  SlideTaskDescription,
} from "../../../src/config/engines/slide.ts";
import type { ProjectDescription } from "../../../src/config/project.ts";
import type { ObjectDescriptions } from "../../../src/project/check_addition.ts";
import { slideTask } from "../../tools/fixtures/slide_task.ts";

/** A [project] with three scans 60 s apart. */
export function project(name: string): ProjectDescription {
  return { name, loop: 3, intervalSeconds: 60, sleepSeconds: 1, tracker: "auto", mover: "auto" };
}

/** The slide [engine] of a project. */
export function engine(projectName: string): SlideEngineDescription {
  return { kind: "slide", project: projectName, name: "slide" };
}

/** A slide [task] for a process name. */
export function task(projectName: string, name: string): SlideTaskDescription {
  return slideTask(projectName, name, { type: "name", comm: `comm-${name}` });
}

/** A file with a project, its engine and some tasks. */
export function objects(projectName: string, ...tasks: string[]): ObjectDescriptions {
  return {
    projects: [project(projectName)],
    engines: [engine(projectName)],
    tasks: tasks.map((name) => task(projectName, name)),
  };
}

/** A file with nothing but tasks. */
export function onlyTasks(projectName: string, ...tasks: string[]): ObjectDescriptions {
  return { projects: [], engines: [], tasks: tasks.map((name) => task(projectName, name)) };
}
