import type { TrackerKind } from "./tracker.ts";
import { IDLE_PAGES } from "./tracker_idle_pages.ts";
import { PAGE_IDLE } from "./tracker_page_idle.ts";
import { PAGE_TABLE } from "./tracker_page_table.ts";
import { SMAPS } from "./tracker_smaps.ts";

/** All trackers, best first. */
export const TRACKERS = [
  IDLE_PAGES,
  PAGE_TABLE,
  PAGE_IDLE,
  SMAPS,
] as const satisfies readonly TrackerKind[];

export type TrackerName = (typeof TRACKERS)[number]["name"];
