import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { PsiTaskDescription } from "../../config/engines/psi.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { CGROUP_ROOT } from "../../procfs/cgroup_tree.ts";
import type { RoundsWanted, TaskStatus } from "../../status/task_status.ts";
import { type Engine, type EngineCommand, type EngineKind, EngineRefusal } from "../engine.ts";
import { type EngineContext, engineContext } from "../engine_context.ts";
import { currentRun, entryStatus, type TaskEntry } from "../round/task_entry.ts";
import { TaskTable } from "../task_table.ts";
import type { GroupsReply } from "./look_at_groups.ts";
import { PsiRun } from "./psi_run.ts";

type PsiTask = TaskEntry<PsiTaskDescription, PsiRun>;

/**
 * The psi engine: has the kernel reclaim memory of control groups, as much as they do not miss.
 * @internal
 */
export class PsiEngine implements Engine {
  readonly #project: ProjectDescription;
  readonly #workers: EngineContext["workers"];
  readonly #root: string;
  readonly #tasks = new TaskTable<PsiTask>();

  /** @param root where control groups are mounted. */
  constructor(
    project: ProjectDescription,
    { workers }: Pick<EngineContext, "workers">,
    root: string = CGROUP_ROOT,
  ) {
    this.#project = project;
    this.#workers = workers;
    this.#root = root;
  }

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "psi") {
      throw new EngineRefusal(`task ${description.name} is not a task of the psi engine`);
    }
    this.#tasks.add({ description });
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.remove(name);
  }

  async startTask(name: string): Promise<void> {
    const task = this.#tasks.get(name);
    const { target } = task.description;
    if (target.type !== "cgroup") throw new EngineRefusal(`task ${name} has no cg_dir`);
    const request = { pattern: target.path, root: this.#root };
    const unable = whyUnable(await this.#workers.run("look_at_groups", request));
    if (unable !== undefined) throw new EngineRefusal(`task ${name}: ${unable}`);
    task.run = new PsiRun(this.#project, task.description, { workers: this.#workers }, this.#root);
  }

  async stopTask(name: string): Promise<void> {
    await currentRun(this.#tasks.get(name))?.stop();
  }

  taskStatus(name: string, wanted?: RoundsWanted): TaskStatus {
    return entryStatus(this.#tasks.get(name), wanted);
  }

  async command({ command }: EngineCommand): Promise<void> {
    throw new EngineRefusal(`engine psi has no command ${JSON.stringify(command)}: it has none`);
  }

  async close(): Promise<void> {}
}

/** Why a task cannot be started: none of its groups can be worked on. */
function whyUnable({ groups, left: [first], none, isLacking }: GroupsReply): string | undefined {
  if (groups.length > 0) return undefined;
  if (first !== undefined) return `control group "${first.path}": ${first.reason}`;
  return isLacking ? none : undefined;
}

/** psi's entry of the engine table. */
export const PSI: EngineKind<"psi"> = {
  kind: "psi",
  async create(description: EngineDescription, project: ProjectDescription): Promise<Engine> {
    if (description.kind !== "psi") throw new EngineRefusal(`${description.name} is not psi`);
    return new PsiEngine(project, engineContext);
  },
};
