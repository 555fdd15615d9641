import type { MoverName, TrackerName } from "../config/description.ts";
import type { MoverKind } from "../mover/mover.ts";
import { MOVERS } from "../mover/movers.ts";
import type { TrackerKind } from "../tracker/tracker.ts";
import { TRACKERS } from "../tracker/trackers.ts";
import { EngineRefusal } from "./engine.ts";

/** Something of a table that may be missing on this kernel. */
interface Means {
  readonly name: string;
  readonly missing: () => string | undefined;
}

/** A requirement: why this one does not meet it. */
export type Requirement<T> = (means: T) => string | undefined;

/**
 * The first entry of a table that this kernel offers and that meets all requirements.
 * @throws {EngineRefusal} that says for each candidate what is missing.
 */
function chooseFrom<T extends Means>(
  what: string,
  table: readonly T[],
  pinned: string,
  requirements: readonly Requirement<T>[],
): T {
  const candidates = pinned === "auto" ? table : table.filter((means) => means.name === pinned);
  const reasons: string[] = [];
  for (const means of candidates) {
    const reason = [means.missing, ...requirements.map((r) => () => r(means))]
      .reduce<string | undefined>((found, check) => found ?? check(), undefined);
    if (reason === undefined) return means;
    reasons.push(`${means.name}: ${reason}`);
  }
  const pin = pinned === "auto" ? "" : ` (${what}=${pinned} in [project])`;
  throw new EngineRefusal(`no ${what} can be used${pin}: ${reasons.join("; ")}`);
}

/** Chooses how access is observed. @throws {EngineRefusal} */
export function chooseTracker(
  pinned: "auto" | TrackerName,
  requirements: readonly Requirement<TrackerKind>[],
): TrackerKind {
  return chooseFrom("tracker", TRACKERS, pinned, requirements);
}

/** Chooses how pages leave. @throws {EngineRefusal} */
export function chooseMover(
  pinned: "auto" | MoverName,
  requirements: readonly Requirement<MoverKind>[],
): MoverKind {
  return chooseFrom("mover", MOVERS, pinned, requirements);
}
