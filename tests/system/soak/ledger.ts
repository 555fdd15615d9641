import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { type Delay, runFaults } from "./judge_run.ts";
import { othersMs, type ProjectPlan } from "./project_plan.ts";

interface TaskRun {
  readonly rounds: Map<number, RoundStatus>;
  readonly pausesMs: Map<number, number>;
  status: TaskStatus;
}

interface ProjectRun {
  readonly plan: ProjectPlan;
  readonly tasks: Map<string, TaskRun>;
}

/** Moved memory by what the tasks say. */
export interface Sums {
  asked: number;
  moved: number;
  cameBack: number;
  /** Also those that were stopped. */
  rounds: number;
}

/** Keeps what status says of each project from its start to its stop, and judges it then. */
export class Ledger {
  readonly #runs = new Map<string, ProjectRun>();
  readonly #delay: Delay;
  readonly #byTask = new Map<string, Sums>();
  readonly sums: Sums = { asked: 0, moved: 0, cameBack: 0, rounds: 0 };
  readonly faults: string[] = [];
  rounds = 0;
  runs = 0;

  constructor(delay: Delay) {
    this.#delay = delay;
  }

  /** A project was started. */
  begin(plan: ProjectPlan): void {
    this.#runs.set(plan.name, { plan, tasks: new Map() });
  }

  /** Takes note of what runs. */
  see(status: ServerStatus): void {
    for (const project of status.projects) {
      const run = this.#runs.get(project.name);
      if (run === undefined) continue;
      for (const task of project.engines.flatMap((engine) => engine.tasks)) {
        let known = run.tasks.get(task.name);
        if (known === undefined) {
          known = { rounds: new Map(), pausesMs: new Map(), status: task };
          run.tasks.set(task.name, known);
        }
        known.status = task;
        for (const [i, round] of task.rounds.entries()) {
          known.rounds.set(round.number, round);
          const before = task.rounds[i + 1];
          if (before === undefined) continue;
          known.pausesMs.set(
            round.number,
            (before.age_us - before.duration_us - round.age_us) / 1e3,
          );
        }
      }
    }
  }

  /** Whether all rounds of a project that was stopped have ended. */
  hasEnded(project: string): boolean {
    const tasks = [...this.#runs.get(project)?.tasks.values() ?? []];
    return tasks.every(({ rounds }) => [...rounds.values()].every((r) => r.state !== "running"));
  }

  /** A project was stopped or deleted. @param isEnded whether it was looked at after the stop. */
  end(project: string, isEnded: boolean): void {
    const run = this.#runs.get(project);
    if (run === undefined) return;
    this.#runs.delete(project);
    const { plan } = run;
    for (const { rounds, pausesMs, status } of run.tasks.values()) {
      this.runs++;
      this.rounds += status.total.rounds;
      const target = plan.tasks.find(({ name }) => status.name.startsWith(name))?.target ?? "";
      this.faults.push(...runFaults({
        label: `project ${project} task ${status.name}`,
        loop: plan.loop,
        intervalMs: plan.intervalS * 1000,
        sleepMs: plan.sleepS * 1000,
        othersMs: othersMs(plan, target),
        rounds: [...rounds.values()].sort((a, b) => a.number - b.number),
        pausesMs,
        isEnded,
        total: status.total,
      }, this.#delay));
      if (status.failed !== undefined) this.faults.push(`${status.name} failed: ${status.failed}`);
      const own = this.ofTask(project, status.name);
      for (const sums of [own, this.sums]) {
        sums.asked += status.total.asked_bytes;
        sums.moved += status.total.moved_bytes;
        sums.cameBack += status.total.came_back_bytes;
        sums.rounds += status.total.rounds + 1;
      }
    }
  }

  /** What a task says of all its ended runs since the last `forget`. */
  ofTask(project: string, task: string): Sums {
    const key = `${project}/${task}`;
    let sums = this.#byTask.get(key);
    if (sums === undefined) {
      sums = { asked: 0, moved: 0, cameBack: 0, rounds: 0 };
      this.#byTask.set(key, sums);
    }
    return sums;
  }

  /** Begins the sums of a project's tasks anew. */
  forget(project: string): void {
    for (const key of this.#byTask.keys()) {
      if (key.startsWith(`${project}/`)) this.#byTask.delete(key);
    }
  }
}
