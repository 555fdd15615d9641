import type { TaskDescription } from "../../config/engines.ts";
import { log } from "../../log/logger.ts";
import { messageOf } from "../../text/message_of.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import { PinnedTarget } from "./pinned_target.ts";
import type { RoundRecord } from "./round_record.ts";
import type { ScanStepReply } from "./scan_step.ts";
import { StartedTask } from "./started_task.ts";

/** The life of a task that scans processes. */
export class TaskLife extends StartedTask {
  readonly target: PinnedTarget;
  readonly tracker: TrackerKind;

  /** @param mover the name of the one that was chosen; undefined: a dry run goes without. */
  constructor(
    task: TaskDescription,
    tracker: TrackerKind,
    mover: string | undefined,
  ) {
    super(task, { tracker: tracker.name, ...(mover === undefined ? {} : { mover }) });
    this.target = new PinnedTarget(task.target, this.label);
    this.tracker = tracker;
    log.info(`${this.label}: tracker ${tracker.name}, mover ${mover ?? "none"}`);
    const caution = tracker.caution?.();
    if (caution !== undefined) log.warning(`${this.label}: ${caution}`);
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
