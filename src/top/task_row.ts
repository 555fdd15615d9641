import type { EngineStatus, ProjectStatus } from "../status/project_status.ts";
import type { RoundStatus } from "../status/round_status.ts";
import type { ServerStatus } from "../status/server_status.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { formatBytes, formatCount } from "../text/quantities.ts";

/**
 * What a task does: `fails`; `waits` for what its project needs for its start; `stopped`; `pauses`,
 * for its guard lets nothing go; `works` on a round; `sleeps` between two.
 */
export type TaskState = "fails" | "waits" | "stopped" | "pauses" | "works" | "sleeps";

/** A task as a row of the table. What is not known is left out. */
export interface TaskRow {
  /** Of the task, unique on its server. */
  readonly key: string;
  readonly project: string;
  readonly engine: string;
  readonly task: string;
  readonly state: TaskState;
  /** Why it does not move what it could, most important first. */
  readonly reasons: readonly string[];
  /** Of the last round that has ended, in bytes. */
  readonly present?: number;
  /** Since the task was started, in bytes, with the round that runs. */
  readonly moved: number;
  readonly freed: number;
  readonly cameBack: number;
  /** Percent of time that the process which waits longest waits for what was moved. */
  readonly harm?: number;
  /** Seconds for which a page has to be idle before it goes; Infinity: none is old enough. */
  readonly age?: number;
  readonly details: TaskDetails;
}

/** What the view of a single task shows besides. */
export interface TaskDetails {
  readonly project: ProjectStatus;
  readonly task: TaskStatus;
  readonly running?: RoundStatus;
  readonly last?: RoundStatus;
}

/** The tasks of a status as rows, in its order. */
export function taskRows(status: ServerStatus): TaskRow[] {
  return status.projects.flatMap((project) =>
    project.engines.flatMap((engine) =>
      engine.tasks.map((task) => rowOf(project, engine, task, status))
    )
  );
}

function rowOf(
  project: ProjectStatus,
  engine: EngineStatus,
  task: TaskStatus,
  { server }: ServerStatus,
): TaskRow {
  const running = task.rounds.find(({ state }) => state === "running");
  const last = task.rounds.find(({ state }) => state !== "running");
  const state = stateOf(project, task, running, last);
  const waits = project.waits_for ?? (state === "works" ? server.work_waits : undefined);
  const guard = last?.guard;
  return {
    key: [project.name, engine.name, task.name].join("\0"),
    project: project.name,
    engine: engine.name,
    task: task.name,
    state,
    reasons: [
      ...[task.failed, waits].filter((reason) => reason !== undefined),
      ...(last === undefined ? [] : reasonsOf(last)),
    ],
    moved: task.total.moved_bytes + (running?.moved_bytes ?? 0),
    freed: task.total.freed_bytes + (running?.freed_bytes ?? 0),
    cameBack: task.total.came_back_bytes + (running?.came_back_bytes ?? 0),
    ...(last === undefined ? {} : { present: last.present_bytes }),
    ...(guard === undefined ? {} : {
      harm: guard.harm_percent,
      age: guard.age_seconds ?? Number.POSITIVE_INFINITY,
    }),
    details: {
      project,
      task,
      ...(running === undefined ? {} : { running }),
      ...(last === undefined ? {} : { last }),
    },
  };
}

function stateOf(
  project: ProjectStatus,
  task: TaskStatus,
  running: RoundStatus | undefined,
  last: RoundStatus | undefined,
): TaskState {
  if (task.failed !== undefined) return "fails";
  if (project.waits_for !== undefined) return "waits";
  if (!task.started) return "stopped";
  if ((last?.guard?.paused_processes ?? 0) > 0) return "pauses";
  return running === undefined ? "sleeps" : "works";
}

/** Why a round left things where they are: processes first, then memory, the most of it first. */
function reasonsOf({ skipped, spared, refused }: RoundStatus): string[] {
  const memory = [...spared, ...refused].toSorted((a, b) => b.bytes - a.bytes);
  return [
    ...skipped.map(({ reason, processes }) =>
      processes === 0 ? reason : `${formatCount(processes, "process", "processes")}: ${reason}`
    ),
    ...memory.map(({ reason, bytes }) => `${formatBytes(bytes)}: ${reason}`),
  ];
}
