import type { MoverName, TrackerName } from "../config/description.ts";
import type { EngineKind } from "../engine/engine.ts";
import type { Availability } from "../status/server_status.ts";

/** What the engines know of the machine and of their own workers. */
export interface EngineSupport {
  /** Best first. */
  trackers(): Availability<TrackerName>[];
  movers(): Availability<MoverName>[];
  /** Worker threads alive. */
  workers(): number;
}

/** The engines, and what they know. */
export interface EngineCode {
  readonly kinds: readonly EngineKind[];
  readonly support: EngineSupport;
}

/** Gives the code of the engines, which is loaded at the first call. */
export type EngineLoader = () => Promise<EngineCode>;

/** The engines of this program. Until they are needed a server does without their 4 MB. */
export async function loadEngines(): Promise<EngineCode> {
  const { ENGINES } = await import("../engine/engines.ts");
  const { machineSupport } = await import("../engine/machine_support.ts");
  return { kinds: ENGINES, support: machineSupport };
}
