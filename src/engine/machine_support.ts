import { type MoverName, MOVERS } from "../mover/movers.ts";
import type { Availability, WorkersStatus } from "../status/server_status.ts";
import { type TrackerName, TRACKERS } from "../tracker/trackers.ts";
import { availability } from "./availability.ts";
import { engineContext, tryTrackers, type Workers } from "./engine_context.ts";

/** @internal What a status says of worker threads. */
export function workersStatus(
  { size, held, whyFull }: Pick<Workers, "size" | "held" | "whyFull">,
): WorkersStatus {
  return {
    workers: size,
    ...(held === 0 ? {} : { held_workers: held }),
    ...(whyFull === undefined ? {} : { work_waits: whyFull }),
  };
}

/** What this machine offers, asked anew at each call, and the threads at work on it. */
export const machineSupport = {
  /** Best first. */
  trackers: async (): Promise<(Availability & { name: TrackerName })[]> => {
    await tryTrackers();
    return TRACKERS.map(availability<TrackerName>);
  },
  /** Best first. */
  movers: () => MOVERS.map(availability<MoverName>),
  /** What `server` says of the worker threads. */
  workers: (): WorkersStatus => workersStatus(engineContext.workers),
};
