import type { PinnableNames } from "../config/project.ts";
import type { EngineKind } from "../engine/engine.ts";
import type { machineSupport } from "../engine/machine_support.ts";

/** The engines, and what they know of the machine and of their own workers. */
export interface EngineCode {
  readonly kinds: readonly EngineKind[];
  readonly support: typeof machineSupport;
}

const MIB = 2 ** 20;

/** Gives the code of the engines, which is loaded at the first call. */
export type EngineLoader = () => Promise<EngineCode>;

/** What `tracker` and `mover` of a project may name. Their code is loaded at the first call. */
export async function loadPinnableNames(): Promise<PinnableNames> {
  const [{ TRACKERS }, { MOVERS }] = await Promise.all([
    import("../tracker/trackers.ts"),
    import("../mover/movers.ts"),
  ]);
  return {
    trackers: TRACKERS.map(({ name }) => name),
    movers: MOVERS.map(({ name }) => name),
  };
}

/**
 * The engines of this program. Until they are needed a server does without their 4 MB.
 * @param moveRateMib what all tasks of slide may move in a second; undefined: as at the last call.
 */
export async function loadEngines(moveRateMib?: number): Promise<EngineCode> {
  const { ENGINES } = await import("../engine/engines.ts");
  const { machineSupport } = await import("../engine/machine_support.ts");
  if (moveRateMib !== undefined) {
    const { limitMoves } = await import("../engine/engine_context.ts");
    limitMoves(moveRateMib * MIB);
  }
  return { kinds: Object.values(ENGINES), support: machineSupport };
}
