import type { SkippedProcesses } from "../../status/round_status.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { formatCount, formatShare } from "../../text/quantities.ts";
import { explain, explanationOf, type ReasonPlace } from "../explain.ts";
import { findReason } from "../../reason/find_reason.ts";
import type { Finding } from "../finding.ts";
import type { Patient } from "../patient.ts";
import { nearestProcessName } from "../process_names.ts";

/**
 * What it means that processes were skipped, with what the machine shows of the cause now.
 * @param all processes that the round found.
 */
export function explainSkip(
  { reason, processes, pids }: SkippedProcesses,
  all: number,
  place: ReasonPlace,
  patient: Pick<Patient, "proc">,
): Finding {
  const { hinders } = explanationOf(reason);
  const isMost = processes * 2 >= all;
  const weight = hinders === "always" || (hinders === "mostly" && isMost) ? "hinders" : "note";
  const count = pids.length === 0 ? "" : `${formatCount(processes, "process", "processes")}: `;
  const seen = seenNow(reason, patient);
  const found = `${count}${reason}${seen === "" ? "" : ` (${seen})`}`;
  return explain(reason, found, weight, { ...place, pid: pids[0] });
}

/** What of the cause can be seen now; "" where there is nothing to add. */
function seenNow(reason: string, { proc }: Pick<Patient, "proc">): string {
  const { name, details: [detail = ""] } = findReason(reason);
  if (name === "no_such_name") {
    const near = nearestProcessName(detail, proc);
    return near === undefined ? "" : `there is one named "${near}"`;
  }
  if (name === "memory_suffices") {
    const { availableBytes, totalBytes } = readMemInfo(proc);
    return `${formatShare(availableBytes, totalBytes)} is available`;
  }
  return "";
}
