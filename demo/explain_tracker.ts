import type { Availability } from "../src/status/server_status.ts";

const PAGES = "what is read or written stays, the rest goes, however the two are mixed.";

/** What each tracker can and cannot see, for the people in front of the demo. */
const VIEWS: Readonly<Record<string, string>> = {
  idle_pages: `It sees every page by itself, by the module etmem_scan:\n${PAGES}`,
  page_table: `It sees every page by itself, in the page tables, by a BPF program:\n${PAGES}`,
  page_idle: `It sees every page by itself, by the kernel's idle page tracking:\n${PAGES}`,
  smaps:
    `It cannot see pages, only whole memory areas (VMAs): an area of which less than 5 % was used
in a scan counts as idle, and if it was idle in all scans of a round, all of it goes. The few
used pages in it come back at once, with the next request. Where used and unused memory are
mixed in an area and more of it is used, smaps saves nothing.`,
};

/**
 * What is said about the tracker that will be chosen, and why it is not a better one.
 * @param trackers what the server says of all trackers, best first.
 */
export function explainTracker(trackers: readonly Availability[]): string {
  const best = trackers.findIndex(({ available }) => available);
  const missing = trackers.slice(0, best < 0 ? undefined : best).map(({ name, reason }) =>
    `  not ${name}: ${reason ?? "not there"}\n`
  );
  const name = trackers[best]?.name ?? "none";
  return `The tracker is ${name}, the best that this machine offers.
${missing.join("")}${VIEWS[name] ?? ""}`;
}
