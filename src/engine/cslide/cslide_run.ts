import type { CslideTaskDescription } from "../../config/engines/cslide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { Semaphore } from "../../async/semaphore.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import type { EngineContext } from "../engine_context.ts";
import { closeProcess } from "../round/opened_process.ts";
import { processKey } from "../round/space_keys.ts";
import { TaskLife } from "../round/task_life.ts";
import { TaskProcesses } from "../round/task_processes.ts";
import type { LocatedProcess } from "./locate_pages.ts";
import type { SharedProcessPages } from "./show_pages.ts";
import { StuckPages } from "./stuck_pages.ts";

/** A started task of cslide, until it is stopped: the rounds of its engine work for it. */
export class CslideRun {
  readonly description: CslideTaskDescription;
  readonly life: TaskLife;
  readonly processes: TaskProcesses<true, LocatedProcess>;
  /** By process key. */
  readonly #stuck = new Map<string, StuckPages>();
  /** Where the memory of its processes is, since its last round. */
  pages: SharedProcessPages[] = [];

  /** @param slots a step takes one. */
  constructor(
    project: ProjectDescription,
    task: CslideTaskDescription,
    tracker: TrackerKind<TrackerName>,
    slots: Semaphore,
    { workers, scanLock }: EngineContext,
  ) {
    this.description = task;
    this.life = new TaskLife(task, tracker, "move_pages");
    // Its first round begins later.
    this.life.target.settle();
    const { vmFlags, anonOnly, ignHost } = task;
    this.processes = new TaskProcesses(
      this.life,
      {
        loop: project.loop,
        intervalMs: project.intervalSeconds * 1000,
        step: {
          tracker: tracker.name,
          selection: { kind: "flagged", vmFlags, anonOnly },
          flags: { swapFlag: false, ignoreHost: ignHost },
          stop: this.life.stop.words,
        },
        finish: true,
        runStep: (request, signal, onHeld) => workers.run("cslide_step", request, signal, onHeld),
        takeLate: ({ open }) => {
          closeProcess(open);
          return {};
        },
      },
      slots,
      scanLock,
    );
  }

  /** Resolves when no thread works for the task, or when only the kernel holds a thread of it. */
  async stop(): Promise<void> {
    this.pages = [];
    await this.life.end(this.processes.untilIdle());
    this.forgetAllBut(new Set());
  }

  /** The pages of a process that the kernel does not let go. */
  stuckPagesOf(process: FoundProcess): StuckPages {
    const key = processKey(process);
    let stuck = this.#stuck.get(key);
    if (stuck === undefined) {
      stuck = new StuckPages();
      this.#stuck.set(key, stuck);
    }
    return stuck;
  }

  /** Forgets the processes whose keys are not among these. */
  forgetAllBut(keys: ReadonlySet<string>): void {
    for (const key of this.#stuck.keys()) if (!keys.has(key)) this.#stuck.delete(key);
    this.processes.forgetAllBut(keys);
  }

  /** Why there are no `pages`. */
  get whyNoPages(): string {
    const { failed, lastDone } = this.life.history;
    if (failed !== undefined) return `its last round failed: ${failed}`;
    if (lastDone === undefined) return "its first round is not done yet";
    return lastDone.processes === 0
      ? lastDone.skipped[0]?.reason ?? "none of its processes was there in the last round"
      : "its processes have ended or were left alone in the last round, see etmem status";
  }
}
