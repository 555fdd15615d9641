import type { MoverName, TrackerName } from "../config/description.ts";
import { MOVERS } from "../mover/movers.ts";
import { TRACKERS } from "../tracker/trackers.ts";
import { engineContext } from "./engine_context.ts";

const { workers } = engineContext;

/** An entry of a table, and whether this machine has what it needs. */
interface Availability<Name extends string> {
  name: Name;
  available: boolean;
  /** Why not. */
  reason?: string;
}

function availability<Name extends string>(
  { name, missing }: { readonly name: Name; readonly missing: () => string | undefined },
): Availability<Name> {
  const reason = missing();
  return reason === undefined ? { name, available: true } : { name, available: false, reason };
}

/** What this machine offers, asked anew at each call, and the threads at work on it. */
export const machineSupport = {
  /** Best first. */
  trackers: (): Availability<TrackerName>[] => TRACKERS.map(availability<TrackerName>),
  /** Best first. */
  movers: (): Availability<MoverName>[] => MOVERS.map(availability<MoverName>),
  /** Worker threads alive. */
  workers: (): number => workers.size,
};
