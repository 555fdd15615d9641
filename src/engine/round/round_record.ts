import { messageOf } from "../../text/message_of.ts";
import {
  type FigureGains,
  type MemoryByReason,
  noFigures,
  ROUND_FIGURES,
} from "../../status/round_figures.ts";
import { noPhases, ROUND_PHASES } from "../../status/round_phases.ts";
import { type ProcessGuardStatus, summariseGuards } from "../../status/guard_status.ts";
import type { RoundStatus, SkippedProcesses } from "../../status/round_status.ts";
import { formatCount } from "../../text/quantities.ts";
import type { ScanStepReply } from "./scan_step.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** Status names at most so many processes for a reason. */
const MAX_PIDS = 8;
/** A line in the log has at most so many reasons. */
const MAX_REASONS = 4;
/** A longer reason is cut short in the log. */
const MAX_REASON_LENGTH = 80;

/** A number that stands alone in a path: below /proc it is a process or a thread. */
const PID_IN_PATH = /(?<=["/])\d+(?=["/:]|$)/g;

function addByReason(list: MemoryByReason[], reason: string, bytes: number): void {
  const known = list.find((entry) => entry.reason === reason);
  if (known === undefined) list.push({ reason, bytes });
  else known.bytes += bytes;
}

/** A size in MiB, without its unit. */
export function mib(bytes: number): string {
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
  readonly #guards: ProcessGuardStatus[] = [];

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

  /** Notes processes that are left alone. @param reason without a pid. */
  skip(reason: Reason, pids: readonly number[]): void {
    const { skipped } = this.status;
    let entry: SkippedProcesses | undefined = skipped.find((known) => known.reason === reason);
    if (entry === undefined) {
      entry = { reason, processes: 0, pids: [] };
      skipped.push(entry);
    }
    entry.processes += pids.length;
    entry.pids.push(...pids.slice(0, MAX_PIDS - entry.pids.length));
  }

  /**
   * Notes a process that could not be looked at, or worked on. Its pid is not part of the reason:
   * what fails in the same way at many processes is one reason.
   */
  fail(error: unknown, pid: number): void {
    this.status.scan_errors++;
    this.skip(because("failed", messageOf(error).replaceAll(PID_IN_PATH, "PID")), [pid]);
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

  /** Adds what the guard of a process saw. @param intervalSeconds of the project. */
  addGuard(guard: ProcessGuardStatus, intervalSeconds: number): void {
    this.#guards.push(guard);
    this.status.guard = summariseGuards(this.#guards, intervalSeconds);
  }

  /** Adds what one step for one process came to. */
  add({ times, cpuUs, errors, figures }: ScanStepReply): void {
    const { status } = this;
    for (const { name } of ROUND_PHASES) status.phases[name] += Math.round(times[name]);
    status.cpu_us += Math.round(cpuUs);
    this.addFigures({ ...figures, scan_errors: errors.length });
  }

  /** The round so far, its age, and its duration up to now. */
  view(): RoundStatus {
    const { status } = this;
    status.age_us = this.#elapsedUs();
    if (status.state === "running") status.duration_us = status.age_us;
    return status;
  }

  /**
   * A line for the log about the round, with sizes in MiB and the reasons that kept most memory
   * from moving.
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
    // What the kernel refused matters more than what it was not asked for. It is last in the table.
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
