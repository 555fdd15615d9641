import type { EngineDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { RoundsWanted, TaskStatus } from "../status/task_status.ts";
import {
  isTransient,
  type LiveEngine,
  type LiveProject,
  type ObjectDescription,
  tasksOf,
} from "./live_project.ts";

/** A project as it is at the moment; its engines and their tasks newest first. */
export interface ProjectView {
  readonly description: ProjectDescription;
  readonly started: boolean;
  /** Whether it is started and moves nothing. */
  readonly isDryRun: boolean;
  /** The files of --conf-dir that it comes from; undefined when some of it comes from elsewhere. */
  readonly confFiles: readonly string[] | undefined;
  readonly engines: readonly {
    readonly description: EngineDescription;
    /** Each is taken when it is asked for; one that is removed until then is left out. */
    readonly tasks: Iterable<TaskStatus>;
  }[];
}

/**
 * Looks at a project.
 * @param confFileOf the file of --conf-dir that an object comes from.
 * @param wanted which rounds of a task; all that are known if left out.
 */
export function viewOf(
  project: LiveProject,
  confFileOf: (object: ObjectDescription) => string | undefined,
  wanted?: RoundsWanted,
): ProjectView {
  const { description, started, isDryRun, engines } = project;
  return {
    description,
    started,
    isDryRun: started && isDryRun,
    confFiles: isTransient(project) ? undefined : confFilesOf(project, confFileOf),
    engines: [...engines.values()].reverse().map((live) => ({
      description: live.description,
      tasks: { [Symbol.iterator]: () => statusesOf(live, wanted) },
    })),
  };
}

function confFilesOf(
  { description, engines }: LiveProject,
  confFileOf: (object: ObjectDescription) => string | undefined,
): string[] | undefined {
  const live = [...engines.values()];
  const objects = [
    description,
    ...live.map((engine) => engine.description),
    ...tasksOf(live).map(({ task }) => task),
  ];
  const files = new Set<string>();
  for (const object of objects) {
    const file = confFileOf(object);
    if (file === undefined) return undefined;
    files.add(file);
  }
  return [...files];
}

function* statusesOf(
  { engine, tasks }: LiveEngine,
  wanted: RoundsWanted | undefined,
): Generator<TaskStatus> {
  for (const task of [...tasks.keys()].reverse()) {
    if (tasks.has(task)) yield engine.taskStatus(task, wanted);
  }
}
