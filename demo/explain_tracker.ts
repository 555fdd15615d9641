import type { ServerStatus } from "../src/status/server_status.ts";

/** What each tracker can and cannot see, for the people in front of the demo. */
const VIEWS: Readonly<Record<string, string>> = {
  idle_pages:
    `It sees every page by itself, by the module etmem_scan: what is read or written stays, the
rest goes, however the two are mixed.`,
  page_idle:
    `It sees every page by itself, by the kernel's idle page tracking: what is read or written
stays, the rest goes, however the two are mixed.`,
  smaps:
    `It cannot see pages, only whole memory areas (VMAs): an area of which less than 5 % was used
in a scan counts as idle, and if it was idle in all scans of a round, all of it goes. The few
used pages in it come back at once, with the next request; from then on what is present is
what is used, and the area is left alone. So expect one slow second, when memory moves.
Where used and unused memory are mixed in an area, smaps saves nothing.`,
};

/** What is said about the tracker and mover in use, and why not a better one. */
export function explainTracker(status: ServerStatus, tracker: string): string {
  const missing = status.trackers.filter(({ available }) => !available).map(({ name, reason }) =>
    `  not ${name}: ${reason ?? "not there"}\n`
  );
  return `The tracker is ${tracker}, the best that this kernel offers.
${missing.join("")}${VIEWS[tracker] ?? ""}\n`;
}
