import type { MemoryByReason } from "../../../src/status/round_figures.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { demand } from "./demand.ts";

function sum(list: readonly MemoryByReason[]): number {
  return list.reduce((all, { bytes }) => all + bytes, 0);
}

/** Bytes for a reason of a list; 0 when it is not there. */
export function bytesFor(list: readonly MemoryByReason[], reason: RegExp): number {
  return sum(list.filter((entry) => reason.test(entry.reason)));
}

/** Demands of every round of a task: cold = asked + spared, asked = moved + refused, present = hot + cold. */
export function demandAccounts({ name, rounds, failed }: TaskStatus): void {
  demand(failed === undefined, `the task ${name} failed: ${failed}`);
  demand(rounds.length > 0, `the task ${name} had no round`);
  for (const round of rounds) demandAccount(name, round);
}

function demandAccount(task: string, round: RoundStatus): void {
  const { cold_bytes: cold, asked_bytes: asked, moved_bytes: moved } = round;
  const where = `round ${round.number} of ${task}: `;
  const spared = sum(round.spared);
  const refused = sum(round.refused);
  demand(cold === asked + spared, `${where}cold ${cold}, but asked ${asked} and spared ${spared}`);
  demand(
    asked === moved + refused,
    `${where}asked ${asked}, but moved ${moved}, refused ${refused}`,
  );
  demand(
    round.present_bytes === round.hot_bytes + cold,
    `${where}present ${round.present_bytes}, but hot ${round.hot_bytes} and cold ${cold}`,
  );
}
