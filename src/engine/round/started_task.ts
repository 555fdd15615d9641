import type { TaskDescription } from "../../config/engines.ts";
import { isLogged, log } from "../../log/logger.ts";
import type { TaskStatus } from "../../status/task_status.ts";
import type { RoundRecord } from "./round_record.ts";
import { StopFlag } from "./stop_flag.ts";
import { TaskHistory } from "./task_history.ts";

/** A stop does not wait longer for a thread that the kernel holds. */
const STOP_MS = 900;

/**
 * The time of a task from a start to a stop: what it has done, and how it ends. Work that is left
 * of an earlier life changes nothing in a later one.
 */
export class StartedTask {
  /** How the task is called in the log. */
  readonly label: string;
  readonly history: TaskHistory;
  readonly stop = new StopFlag();
  readonly #abort = new AbortController();

  /** @param by what the task works with. */
  constructor(
    { project, name }: TaskDescription,
    by: Pick<TaskStatus, "tracker" | "mover">,
  ) {
    this.label = `project ${project}: task ${name}`;
    this.history = new TaskHistory(by);
  }

  /** Fires when the task is stopped. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether the task is stopped. */
  get isOver(): boolean {
    return this.stop.isRaised;
  }

  /**
   * Stops the task.
   * @param idle resolves when no thread works for the task any more.
   * @returns when that is so and no thread is in the middle of a move. It waits no longer than
   * STOP_MS: then only the kernel holds a thread of the task.
   */
  async end(idle: Promise<unknown>): Promise<void> {
    const still = this.stop.raise();
    this.#abort.abort();
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, STOP_MS, "late");
    const outcome = await Promise.race([Promise.all([still, idle]), late]);
    clearTimeout(timer);
    if (outcome === "late") {
      log.warning(`${this.label}: stopped, but the kernel still holds a thread at its last work`);
    }
  }

  /** @param hasFailed the reason is in the log already. */
  endRound(record: RoundRecord, hasFailed: boolean): void {
    this.history.end(record, this.isOver ? "stopped" : "done");
    if (isLogged("info")) log.info(`${this.label}: ${record.summary(hasFailed)}`);
  }
}
