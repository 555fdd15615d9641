import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { messageOf } from "../../text/message_of.ts";
import {
  type FigureGains,
  type MemoryByReason,
  noFigures,
  ROUND_FIGURES,
} from "../../status/round_figures.ts";
import { noPhases } from "../../status/round_phases.ts";
import type { RoundStatus, SkippedProcesses } from "../../status/round_status.ts";
import { formatCount } from "../../text/quantities.ts";
import type { StepReply } from "./scan_step.ts";

const MAX_PIDS = 8;
/** Of a line in the log. */
const MAX_REASONS = 4;
const MAX_REASON_LENGTH = 80;

function addByReason(list: MemoryByReason[], reason: string, bytes: number): void {
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

function toBytes(pages: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...pages].map(([reason, count]) => [reason, count * PAGE_SIZE]));
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
      ...noFigures(),
      phases: noPhases(),
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

  /** Adds what a piece of work came to. */
  addFigures(gains: FigureGains): void {
    for (const figure of ROUND_FIGURES) {
      if (figure.unit === "bytes by reason") {
        for (const [reason, bytes] of gains[figure.name] ?? []) {
          addByReason(this.status[figure.name], reason, bytes);
        }
      } else {
        this.status[figure.name] += gains[figure.name] ?? 0;
      }
    }
  }

  /** Adds what one step for one process came to. */
  add(reply: StepReply): void {
    const { phases } = this.status;
    phases.vmas_us += Math.round(reply.times.vmas);
    phases.scan_us += Math.round(reply.times.scan);
    phases.classify_us += Math.round(reply.times.classify);
    phases.move_us += Math.round(reply.times.move);
    phases.verify_us += Math.round(reply.times.verify);
    this.status.cpu_us += Math.round(reply.times.cpu);
    this.addFigures({
      scanned_bytes: reply.scanned * PAGE_SIZE,
      came_back_bytes: reply.cameBack * PAGE_SIZE,
      scan_errors: reply.errors.length,
    });
    if (reply.state !== "done") return;
    const { moves } = reply;
    this.addFigures({
      present_bytes: moves.present * PAGE_SIZE,
      hot_bytes: moves.hot * PAGE_SIZE,
      cold_bytes: moves.cold * PAGE_SIZE,
      hot_huge_bytes: moves.hotHuge * PAGE_SIZE,
      asked_bytes: moves.asked * PAGE_SIZE,
      moved_bytes: moves.moved * PAGE_SIZE,
      refused: toBytes(moves.refused),
      spared: toBytes(moves.spared),
    });
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
    const { status } = this;
    const sizes = ROUND_FIGURES.flatMap((figure) =>
      figure.unit === "bytes" && figure.inLog
        ? [`${figure.shown.label} ${mib(status[figure.name])}`]
        : []
    );
    const [first = "", ...others] = sizes;
    const processes = formatCount(status.processes, "process", "processes");
    const account = [`round ${status.number}: ${processes}`, `${first} MiB`, ...others].join(", ");
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
    const skipped = this.status.skipped
      .toSorted((a, b) => b.processes - a.processes)
      .map(({ reason, processes }) =>
        `skipped${processes === 0 ? "" : ` ${processes}`}: ${brief(reason)}`
      );
    // Last in the table is what was left when the kernel had been asked, which matters more.
    const memory = ROUND_FIGURES.toReversed().flatMap((figure) =>
      figure.unit === "bytes by reason"
        ? this.status[figure.name]
          .toSorted((a, b) => b.bytes - a.bytes)
          .map(({ reason, bytes }) => `${figure.shown.label} ${mib(bytes)}: ${brief(reason)}`)
        : []
    );
    return [...skipped, ...memory];
  }

  end(state: "done" | "stopped"): void {
    this.status.duration_us = this.#elapsedUs();
    this.status.state = state;
  }

  #elapsedUs(): number {
    return Math.round((performance.now() - this.#begin) * 1000);
  }
}
