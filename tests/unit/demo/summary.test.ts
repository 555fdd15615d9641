import { expect, test } from "bun:test";
import type { PhaseResult } from "../../../demo/phase.ts";
import { formatSummary } from "../../../demo/summary.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";

const MIB = 2 ** 20;

const SMAPS: PhaseResult = {
  tracker: "smaps",
  used: { seconds: 10, keys: 14_000, bytes: 20_000 * PAGE_SIZE, residentBytes: 80_000 * PAGE_SIZE },
  residentBeforeBytes: 340 * MIB,
  residentAfterBytes: 339 * MIB,
  swappedBytes: MIB,
  swapCost: "1 KiB of DRAM hold all that, compressed",
  movedBytes: MIB,
  cameBackBytes: 0,
  freedBytes: 0,
  before: { requests: 60_000, p999Ms: 4, slowestMs: 9 },
  work: { requests: 120_000, p999Ms: 5.04, slowestMs: 11 },
};
const PAGES: PhaseResult = {
  ...SMAPS,
  tracker: "page_idle",
  used: { seconds: 10, keys: 15_000, bytes: 24_000 * PAGE_SIZE, residentBytes: 80_000 * PAGE_SIZE },
  residentAfterBytes: 68 * MIB,
  swappedBytes: 272 * MIB,
  swapCost: "50 MiB of DRAM hold all that, compressed",
  movedBytes: 300 * MIB,
  cameBackBytes: 28 * MIB,
  freedBytes: 200 * MIB,
  work: { requests: 119_000, p999Ms: 7, slowestMs: 25 },
};
const TRACKERS = [
  { name: "idle_pages", available: false, reason: "no module" },
  { name: "page_idle", available: true },
  { name: "smaps", available: true },
];

test("formatSummary() says what a tracker of pages gained over smaps, and what it cost", () => {
  expect(formatSummary([SMAPS, PAGES], TRACKERS)).toBe(`Summary
  hot keys: 15000, scattered over 24000 pages: 30 % of the store's pages
  were used in the 10 s before etmemd was at work
  tracker                 smaps    page_idle
  resident before       340 MiB      340 MiB
  resident after        339 MiB       68 MiB
  saved                   0.3 %         80 %
  moved                   1 MiB      300 MiB
  freed                     0 B      200 MiB
  came back                 0 B       28 MiB
  requests before         60000        60000
    99.9 % within        4.0 ms       4.0 ms
    slowest              9.0 ms       9.0 ms
  requests at work       120000       119000
    99.9 % within        5.0 ms       7.0 ms
    slowest             11.0 ms      25.0 ms
  gain  271 MiB more saved than with smaps on the same store
  cost  slowest request 25.0 ms while etmemd was at work (smaps: 11.0 ms, before: 9.0 ms),
        28 MiB came back (smaps: 0 B)
  in swap at the end: 272 MiB; 50 MiB of DRAM hold all that, compressed`);
});

test("formatSummary() says that nothing was gained when smaps saved as much", () => {
  const summary = formatSummary([{ ...SMAPS, residentAfterBytes: 60 * MIB }, PAGES], TRACKERS);
  expect(summary).toContain("  gain  nothing: smaps saved as much on the same store\n");
});

test("formatSummary() says why pages cannot be told apart when smaps is the best tracker", () => {
  const trackers = TRACKERS.map((tracker) =>
    tracker.name === "page_idle" ? { ...tracker, available: false } : tracker
  );
  const why = `  Page granularity is not available here:
    no idle_pages: no module
    no page_idle: not there`;
  const nothing = "smaps sees whole areas: an area of which 5 % is used counts as used, all of it";
  expect(formatSummary([SMAPS], trackers)).toContain(`${why}\n  ${nothing}\n`);
  const saved = formatSummary([{ ...SMAPS, residentAfterBytes: 20 * MIB }], trackers);
  expect(saved).toContain(why);
  expect(saved).not.toContain(nothing);
});

test("formatSummary() leaves the comparison out when there is only a tracker of pages", () => {
  const summary = formatSummary([PAGES], TRACKERS);
  expect(summary).not.toContain("Page granularity");
  expect(summary).not.toContain("gain");
});
