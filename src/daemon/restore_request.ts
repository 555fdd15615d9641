import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import type { Request } from "../rpc/request.ts";
import { formatBytes, formatCount } from "../text/quantities.ts";
import type { Answer } from "./timely_answer.ts";

const MIB = 2 ** 20;
const DEFAULT_KEEP_FREE_PERCENT = 10;
/** The client hears so often how far it is, at most. */
const PROGRESS_MS = 250;

/**
 * Brings back what a stopped project has moved to swap. @throws {Refusal} when something is left.
 */
export async function restoreProject(
  request: Extract<Request, { command: "project_restore" }>,
  answer: Answer,
  registry: Registry,
): Promise<void> {
  const { project, task, rateMib, keepFreePercent = DEFAULT_KEEP_FREE_PERCENT } = request;
  answer.takesLong();
  const beginMs = performance.now();
  let toldMs = Number.NEGATIVE_INFINITY;
  const account = await registry.restore({
    project,
    ...(task === undefined ? {} : { task }),
    limits: {
      keepFreePercent,
      ...(rateMib === undefined ? {} : { bytesPerSecond: rateMib * MIB }),
    },
    signal: answer.wanted,
    progress: (doneBytes, allBytes) => {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      answer.progress({ doneBytes, allBytes });
    },
  });
  const { backBytes, leftBytes, reasons, endedProcesses } = account;
  const seconds = (performance.now() - beginMs) / 1000;
  const ended = endedProcesses === 0
    ? ""
    : `; ${formatCount(endedProcesses, "process has", "processes have")} ended`;
  answer.text(
    backBytes === 0 && leftBytes === 0
      ? `nothing that project "${project}" has moved since the server was started is in swap${ended}\n`
      : `${formatBytes(backBytes)} came back from swap in ${seconds.toFixed(1)} s${ended}\n`,
  );
  if (leftBytes === 0) return;
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  throw new Refusal("incomplete", `${formatBytes(leftBytes)} stay in swap${why}`);
}
