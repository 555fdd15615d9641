import type { MemoryByReason } from "../../../src/status/round_figures.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { accountFaults, sumOf } from "../../tools/fixtures/account_faults.ts";
import { demand } from "./demand.ts";

/** Bytes for a reason of a list; 0 when it is not there. */
export function bytesFor(list: readonly MemoryByReason[], reason: RegExp): number {
  return sumOf(list.filter((entry) => reason.test(entry.reason)));
}

/** Demands that every round of a task adds up. */
export function demandAccounts({ name, rounds, failed }: TaskStatus): void {
  demand(failed === undefined, `the task ${name} failed: ${failed}`);
  demand(rounds.length > 0, `the task ${name} had no round`);
  for (const round of rounds) {
    const faults = accountFaults(round);
    demand(faults.length === 0, `round ${round.number} of ${name}: ${faults.join("; ")}`);
  }
}
