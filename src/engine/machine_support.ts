import { type MoverName, MOVERS } from "../mover/movers.ts";
import type { Availability } from "../status/server_status.ts";
import { type TrackerName, TRACKERS } from "../tracker/trackers.ts";
import { engineContext } from "./engine_context.ts";

function availability<Name extends string>(
  { name, missing }: { readonly name: Name; readonly missing: () => string | undefined },
): Availability & { name: Name } {
  const reason = missing();
  return reason === undefined ? { name, available: true } : { name, available: false, reason };
}

/** What this machine offers, asked anew at each call, and the threads at work on it. */
export const machineSupport = {
  /** Best first. */
  trackers: () => TRACKERS.map(availability<TrackerName>),
  /** Best first. */
  movers: () => MOVERS.map(availability<MoverName>),
  /** Worker threads alive. */
  workers: (): number => engineContext.workers.size,
};
