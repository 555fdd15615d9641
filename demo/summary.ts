import { PAGE_SIZE } from "../ffi/libc.ts";
import type { Availability } from "../src/status/server_status.ts";
import { formatBytes, formatShare } from "../src/text/quantities.ts";
import { seesPages } from "./compared_trackers.ts";
import type { PhaseResult } from "./phase.ts";

/** A line of the table: what, and its value for a phase. */
type Row = readonly [string, (phase: PhaseResult) => string];

const ROWS: readonly Row[] = [
  ["tracker", ({ tracker }) => tracker],
  ["resident before", (phase) => formatBytes(phase.residentBeforeBytes)],
  ["resident after", (phase) => formatBytes(phase.residentAfterBytes)],
  ["saved", (phase) => formatShare(savedBytes(phase), phase.residentBeforeBytes)],
  ["moved", (phase) => formatBytes(phase.movedBytes)],
  ["freed", (phase) => formatBytes(phase.freedBytes)],
  ["came back", (phase) => formatBytes(phase.cameBackBytes)],
  ["requests before", ({ before }) => String(before.requests)],
  ["  99.9 % within", ({ before }) => formatMs(before.p999Ms)],
  ["  slowest", ({ before }) => formatMs(before.slowestMs)],
  ["requests at work", ({ work }) => String(work.requests)],
  ["  99.9 % within", ({ work }) => formatMs(work.p999Ms)],
  ["  slowest", ({ work }) => formatMs(work.slowestMs)],
];
const LABEL_WIDTH = Math.max(...ROWS.map(([label]) => label.length));
const VALUE_WIDTH = 11;
/** Less than one part in so many saved needs an explanation. */
const NEXT_TO_NOTHING = 50;

function savedBytes({ residentBeforeBytes, residentAfterBytes }: PhaseResult): number {
  return Math.max(0, residentBeforeBytes - residentAfterBytes);
}

function formatMs(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

/** One tracker a column. */
function table(phases: readonly PhaseResult[]): string {
  return ROWS.map(([label, value]) => {
    const cells = phases.map((phase) => value(phase).padStart(VALUE_WIDTH));
    return `  ${label.padEnd(LABEL_WIDTH)}  ${cells.join("  ")}`;
  }).join("\n");
}

function usedLines({ used }: PhaseResult): string {
  const pages = Math.round(used.bytes / PAGE_SIZE);
  return `  hot keys: ${used.keys}, scattered over ${pages} pages: ${
    formatShare(used.bytes, used.residentBytes)
  } of the store's pages
  were used in the ${used.seconds} s before etmemd was at work`;
}

/** What the second tracker gained over the first on the same store, and what that cost. */
function comparison(areas: PhaseResult, pages: PhaseResult): string {
  const gain = savedBytes(pages) - savedBytes(areas);
  const gained = gain > 0
    ? `${formatBytes(gain)} more saved than with ${areas.tracker} on the same store`
    : `nothing: ${areas.tracker} saved as much on the same store`;
  return `  gain  ${gained}
  cost  slowest request ${
    formatMs(pages.work.slowestMs)
  } while etmemd was at work (${areas.tracker}: ${formatMs(areas.work.slowestMs)}, before: ${
    formatMs(pages.before.slowestMs)
  }),
        ${formatBytes(pages.cameBackBytes)} came back (${areas.tracker}: ${
    formatBytes(areas.cameBackBytes)
  })`;
}

/** That there is nothing to compare with, and why. */
function withoutPages(phase: PhaseResult, trackers: readonly Availability[]): string {
  const reasons = trackers.filter(({ available }) => !available).map(({ name, reason }) =>
    `\n    no ${name}: ${reason ?? "not there"}`
  );
  const nothing = savedBytes(phase) * NEXT_TO_NOTHING < phase.residentBeforeBytes
    ? `\n  ${phase.tracker} sees whole areas: an area of which 5 % is used counts as used, all of it`
    : "";
  return `  Page granularity is not available here:${reasons.join("")}${nothing}`;
}

/**
 * The end of the demo.
 * @param phases one; or two, of a tracker that sees whole areas and of one that sees pages.
 * @param trackers what the server says of all trackers.
 */
export function formatSummary(
  phases: readonly PhaseResult[],
  trackers: readonly Availability[],
): string {
  const [first, second] = phases;
  if (first === undefined) return "";
  const last = second ?? first;
  const parts = ["Summary", usedLines(last), table(phases)];
  if (second !== undefined) parts.push(comparison(first, second));
  else if (!seesPages(first.tracker)) parts.push(withoutPages(first, trackers));
  parts.push(`  in swap at the end: ${formatBytes(last.swappedBytes)}; ${last.swapCost}`);
  return parts.join("\n");
}
