import type { TaskDescription } from "../../config/engines.ts";
import { isLogged, log } from "../../log/logger.ts";
import { messageOf } from "../../text/message_of.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import { PinnedTarget } from "./pinned_target.ts";
import type { RoundRecord } from "./round_record.ts";
import type { ScanStepReply } from "./scan_step.ts";
import { StopFlag } from "./stop_flag.ts";
import { TaskHistory } from "./task_history.ts";

/** A stop does not wait longer for a thread that the kernel holds. */
const STOP_MS = 900;

/**
 * The time of a task from a start to a stop: which processes it is about, what it has done, and how
 * it ends. Work that is left of an earlier life changes nothing in a later one.
 */
export class TaskLife {
  /** How the task is called in the log. */
  readonly label: string;
  readonly target: PinnedTarget;
  readonly tracker: TrackerKind;
  readonly history: TaskHistory;
  readonly stop = new StopFlag();
  readonly #abort = new AbortController();

  /** @param mover the name of the one that was chosen; undefined: a dry run goes without. */
  constructor(
    { project, name, target }: TaskDescription,
    tracker: TrackerKind,
    mover: string | undefined,
  ) {
    this.label = `project ${project}: task ${name}`;
    this.target = new PinnedTarget(target, this.label);
    this.tracker = tracker;
    this.history = new TaskHistory({
      tracker: tracker.name,
      ...(mover === undefined ? {} : { mover }),
    });
    log.info(`${this.label}: tracker ${tracker.name}, mover ${mover ?? "none"}`);
    const caution = tracker.caution?.();
    if (caution !== undefined) log.warning(`${this.label}: ${caution}`);
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

  /** Adds a step's reply to a round; what failed is logged. */
  note(record: RoundRecord, reply: ScanStepReply, pid: number): void {
    record.add(reply);
    if (reply.state === "skipped") record.skip(reply.reason, [pid]);
    this.warn(pid, reply.errors);
  }

  /** Adds to a round that a process could not be worked on. */
  fail(record: RoundRecord, pid: number, error: unknown): void {
    record.fail(error, pid);
    this.warn(pid, [messageOf(error)]);
  }

  /** Logs what failed at a process. */
  warn(pid: number, errors: readonly string[]): void {
    const line = errorLine(errors);
    if (line !== undefined) log.warning(`${this.label}: process ${pid}: ${line}`);
  }

  /** @param hasFailed the reason is in the log already. */
  endRound(record: RoundRecord, hasFailed: boolean): void {
    this.history.end(record, this.isOver ? "stopped" : "done");
    if (isLogged("info")) log.info(`${this.label}: ${record.summary(hasFailed)}`);
  }
}

/**
 * A line for the log of all that failed at a process: the first error, and how many more there are.
 * One cause fails again and again, with each batch of pages.
 * @returns undefined when nothing failed.
 */
function errorLine([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined || others.length === 0) return first;
  return `${first} (and ${others.length} more)`;
}
