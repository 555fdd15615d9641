import type { MoverKind } from "../mover/mover.ts";
import { type MoverName, MOVERS } from "../mover/movers.ts";
import type { TrackerKind } from "../tracker/tracker.ts";
import { type TrackerName, TRACKERS } from "../tracker/trackers.ts";
import { EngineRefusal } from "./engine.ts";
import { because } from "../reason/reasons.ts";

/** An entry of the table of trackers or movers. */
interface Candidate {
  readonly name: string;
  /** Why this kernel does not offer it; undefined when it does. */
  readonly missing: () => string | undefined;
}

/** What a task demands of a candidate: why this one cannot do it; undefined when it can. */
export type Requirement<T> = (candidate: T) => string | undefined;

/**
 * The first entry of a table that this kernel offers and that meets all requirements.
 * @throws {EngineRefusal} that says for each candidate what is missing.
 */
function chooseFrom<T extends Candidate>(
  what: string,
  table: readonly T[],
  pinned: string,
  requirements: readonly Requirement<T>[],
): T {
  const candidates = pinned === "auto" ? table : table.filter(({ name }) => name === pinned);
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const lack = [candidate.missing, ...requirements.map((r) => () => r(candidate))]
      .reduce<string | undefined>((found, check) => found ?? check(), undefined);
    if (lack === undefined) return candidate;
    reasons.push(`${candidate.name}: ${lack}`);
  }
  const why = reasons.join("; ");
  throw new EngineRefusal(
    pinned === "auto"
      ? because("no_part_fits", what, why)
      : because("pinned_part_does_not_fit", what, what, pinned, why),
  );
}

/** Chooses how access is observed. @throws {EngineRefusal} */
export function chooseTracker(
  pinned: "auto" | TrackerName,
  requirements: readonly Requirement<TrackerKind<TrackerName>>[],
): TrackerKind<TrackerName> {
  return chooseFrom("tracker", TRACKERS, pinned, requirements);
}

/** Chooses how pages leave. @throws {EngineRefusal} */
export function chooseMover(
  pinned: "auto" | MoverName,
  requirements: readonly Requirement<MoverKind<MoverName>>[],
): MoverKind<MoverName> {
  return chooseFrom("mover", MOVERS, pinned, requirements);
}
