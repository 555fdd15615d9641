import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { messageOf } from "../../text/message_of.ts";
import type { StepReply } from "./scan_step.ts";
import type { MemoryByReason, RoundStatus, SkippedProcesses } from "../../status/task_status.ts";

const MAX_PIDS = 8;
/** Of a line in the log. */
const MAX_REASONS = 4;
const MAX_REASON_LENGTH = 80;

/** Adds to a list by reason. */
export function addByReason(list: MemoryByReason[], reason: string, bytes: number): void {
  const known = list.find((entry) => entry.reason === reason);
  if (known === undefined) list.push({ reason, bytes });
  else known.bytes += bytes;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function brief(reason: string): string {
  return reason.length <= MAX_REASON_LENGTH
    ? reason
    : `${reason.slice(0, MAX_REASON_LENGTH - 3)}...`;
}

/** The account of one round while it is made. */
export class RoundRecord {
  readonly status: RoundStatus;
  readonly #begin = performance.now();

  constructor(number: number) {
    this.status = {
      number,
      state: "running",
      started_at: new Date().toISOString(),
      age_us: 0,
      duration_us: 0,
      processes: 0,
      skipped: [],
      scanned_bytes: 0,
      present_bytes: 0,
      hot_bytes: 0,
      cold_bytes: 0,
      hot_huge_bytes: 0,
      spared: [],
      asked_bytes: 0,
      moved_bytes: 0,
      refused: [],
      came_back_bytes: 0,
      scan_errors: 0,
      phases: { vmas_us: 0, scan_us: 0, classify_us: 0, move_us: 0, verify_us: 0, swapcache_us: 0 },
      cpu_us: 0,
    };
  }

  skip(reason: string, pids: readonly number[]): void {
    const { skipped } = this.status;
    let entry: SkippedProcesses | undefined = skipped.find((known) => known.reason === reason);
    if (entry === undefined) {
      entry = { reason, processes: 0, pids: [] };
      skipped.push(entry);
    }
    entry.processes += pids.length;
    entry.pids.push(...pids.slice(0, MAX_PIDS - entry.pids.length));
  }

  /** Notes a process that could not be looked at, or worked on. */
  fail(error: unknown, pid: number): void {
    this.status.scan_errors++;
    this.skip(messageOf(error), [pid]);
  }

  /** Adds what one step for one process came to. */
  add(reply: StepReply): void {
    const { status } = this;
    const { phases } = status;
    phases.vmas_us += Math.round(reply.times.vmas);
    phases.scan_us += Math.round(reply.times.scan);
    phases.classify_us += Math.round(reply.times.classify);
    phases.move_us += Math.round(reply.times.move);
    phases.verify_us += Math.round(reply.times.verify);
    status.cpu_us += Math.round(reply.times.cpu);
    status.scanned_bytes += reply.scanned * PAGE_SIZE;
    status.came_back_bytes += reply.cameBack * PAGE_SIZE;
    status.scan_errors += reply.errors.length;
    if (reply.state !== "done") return;
    const { moves } = reply;
    status.present_bytes += moves.present * PAGE_SIZE;
    status.hot_bytes += moves.hot * PAGE_SIZE;
    status.cold_bytes += moves.cold * PAGE_SIZE;
    status.hot_huge_bytes += moves.hotHuge * PAGE_SIZE;
    status.asked_bytes += moves.asked * PAGE_SIZE;
    status.moved_bytes += moves.moved * PAGE_SIZE;
    for (const [reason, pages] of moves.refused) {
      addByReason(status.refused, reason, pages * PAGE_SIZE);
    }
    for (const [reason, pages] of moves.spared) {
      addByReason(status.spared, reason, pages * PAGE_SIZE);
    }
  }

  /** The round so far, its age, and its duration up to now. */
  view(): RoundStatus {
    const { status } = this;
    status.age_us = this.#elapsedUs();
    if (status.state === "running") status.duration_us = status.age_us;
    return status;
  }

  /**
   * The round in a line for the log, sizes in MiB, with the reasons that matter most for what did not move.
   * @param hasFailed for a reason that is in the log already.
   */
  summary(hasFailed: boolean): string {
    const { number, processes, present_bytes, cold_bytes, asked_bytes, moved_bytes } = this.status;
    const account = `round ${number}: ${processes} ${
      processes === 1 ? "process" : "processes"
    }, present ${mib(present_bytes)} MiB, cold ${mib(cold_bytes)}, asked ${
      mib(asked_bytes)
    }, moved ${mib(moved_bytes)}, came back ${mib(this.status.came_back_bytes)}`;
    const reasons = this.#reasons();
    return [
      account,
      ...(hasFailed ? ["failed"] : []),
      ...(this.status.state === "stopped" ? ["stopped"] : []),
      ...reasons.slice(0, MAX_REASONS),
      ...(reasons.length > MAX_REASONS ? [`${reasons.length - MAX_REASONS} more in status`] : []),
    ].join("; ");
  }

  /** What did not move, and why; most important first. */
  #reasons(): string[] {
    const { skipped, refused, spared } = this.status;
    const inMemory = (verb: string, list: readonly MemoryByReason[]): string[] =>
      list.toSorted((a, b) => b.bytes - a.bytes)
        .map(({ reason, bytes }) => `${verb} ${mib(bytes)}: ${brief(reason)}`);
    return [
      ...skipped.toSorted((a, b) => b.processes - a.processes)
        .map(({ reason, processes }) =>
          `skipped${processes === 0 ? "" : ` ${processes}`}: ${brief(reason)}`
        ),
      ...inMemory("refused", refused),
      ...inMemory("spared", spared),
    ];
  }

  end(state: "done" | "stopped"): void {
    this.status.duration_us = this.#elapsedUs();
    this.status.state = state;
  }

  #elapsedUs(): number {
    return Math.round((performance.now() - this.#begin) * 1000);
  }
}
