import type { TaskDescription } from "../../config/engines.ts";
import type { RoundStatus } from "../../status/round_status.ts";
import { addRound, noTotal, type RoundsWanted, type TaskStatus } from "../../status/task_status.ts";
import { TOTAL_FIGURES } from "../../status/round_figures.ts";
import { formatCount } from "../../text/quantities.ts";
import { targetValue } from "../target_value.ts";
import { mib, RoundRecord } from "./round_record.ts";

const KEPT_ROUNDS = 16;

/** What a task has done since its start: its last rounds, and sums over all of them. */
export class TaskHistory {
  readonly #by: Pick<TaskStatus, "tracker" | "mover">;
  /** Newest first. */
  readonly #records: RoundRecord[] = [];
  readonly #total = noTotal();
  #begun = 0;
  /** Why the task, or its last round, failed. */
  failed: string | undefined;

  /** @param by what the task works with; nothing where it makes no rounds of ours. */
  constructor(by: Pick<TaskStatus, "tracker" | "mover"> = {}) {
    this.#by = by;
  }

  /** The record of a new round. */
  begin(): RoundRecord {
    const record = new RoundRecord(++this.#begun);
    this.#records.unshift(record);
    this.#records.length = Math.min(this.#records.length, KEPT_ROUNDS);
    return record;
  }

  /** Ends a round and adds it to the sums. */
  end(record: RoundRecord, state: "done" | "stopped"): void {
    record.end(state);
    addRound(this.#total, record.status);
  }

  /** A line for the log about all rounds, with sizes in MiB. */
  summary(): string {
    const sizes = TOTAL_FIGURES.map(({ name, shown }) =>
      `${shown.label} ${mib(this.#total[name])}`
    );
    const rounds = formatCount(this.#total.rounds, "round", "rounds");
    return `total of ${rounds}, in MiB: ${sizes.join(", ")}`;
  }

  /** The newest round that is done. */
  get lastDone(): RoundStatus | undefined {
    return this.#records.find(({ status }) => status.state === "done")?.status;
  }

  /** The status of the task. @param wanted as of an Engine. */
  taskStatus(
    { name, engine, target }: TaskDescription,
    started: boolean,
    wanted?: RoundsWanted,
  ): TaskStatus {
    const { type } = target;
    return { name, engine, type, value: targetValue(target), started, ...this.view(wanted) };
  }

  /** What a status says of it. @param wanted as of an Engine. */
  view(
    { rounds = KEPT_ROUNDS, endedRounds = KEPT_ROUNDS }: RoundsWanted = {},
  ): Pick<TaskStatus, "failed" | "tracker" | "mover" | "total" | "rounds"> {
    return {
      ...(this.failed === undefined ? {} : { failed: this.failed }),
      ...this.#by,
      total: { ...this.#total },
      rounds: this.#newest(endedRounds).slice(0, rounds).map((record) => record.view()),
    };
  }

  /** The round that is running, if one is, and so many before it. */
  #newest(ended: number): RoundRecord[] {
    const running = this.#records[0]?.status.state === "running" ? 1 : 0;
    return this.#records.slice(0, running + ended);
  }
}
