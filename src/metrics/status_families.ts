import type { ServerStatus } from "../status/server_status.ts";
import { familiesOf, type Family, type Labelled } from "./family.ts";
import { ROUND_METRICS } from "./round_metrics.ts";
import { SERVER_METRICS } from "./server_metrics.ts";
import { SWAP_METRICS } from "./swap_metrics.ts";
import { PROJECT_METRICS, TASK_METRICS } from "./task_metrics.ts";

/** Rounds of each task that are needed: the newest may still run. */
export const ROUNDS_NEEDED = 2;

/** A server's status as metrics. Those of rounds are of the newest one that has ended. */
export function statusFamilies(status: ServerStatus): Family[] {
  const projects = status.projects.map((project) => ({
    labels: { project: project.name },
    thing: project,
  }));
  const tasks = projects.flatMap(({ labels, thing: { engines } }) =>
    engines.flatMap((engine) =>
      engine.tasks.map((task) => ({
        labels: { ...labels, engine: engine.name, task: task.name },
        thing: task,
      }))
    )
  );
  const rounds = tasks.flatMap(({ labels, thing }): Labelled<typeof thing.rounds[number]>[] => {
    const ended = thing.rounds.find(({ state }) => state !== "running");
    return ended === undefined ? [] : [{ labels, thing: ended }];
  });
  return [
    ...familiesOf(SERVER_METRICS, [{ labels: {}, thing: status }]),
    ...familiesOf(SWAP_METRICS, [{ labels: {}, thing: status.swap }]),
    ...familiesOf(PROJECT_METRICS, projects),
    ...familiesOf(TASK_METRICS, tasks),
    ...familiesOf(ROUND_METRICS, rounds),
  ];
}
