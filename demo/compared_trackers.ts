import type { Availability } from "../src/status/server_status.ts";
import { TRACKERS } from "../src/tracker/trackers.ts";

/** Whether a tracker tells pages apart. */
export function seesPages(tracker: string): boolean {
  return TRACKERS.find(({ name }) => name === tracker)?.granularity === "page";
}

/**
 * The trackers to watch at work on one store, as in the configuration file: smaps, by which nothing
 * moves that would have to be brought back, and then the one that etmemd chooses, where that is
 * another one.
 * @param trackers what the server says of all trackers, best first.
 */
export function trackersToCompare(trackers: readonly Availability[]): string[] {
  const best = trackers.find(({ available }) => available);
  const hasSmaps = trackers.some(({ name, available }) => name === "smaps" && available);
  return hasSmaps && best?.name !== "smaps" ? ["smaps", "auto"] : ["auto"];
}
