import { expect, test } from "bun:test";
import { seesPages, trackersToCompare } from "../../../demo/compared_trackers.ts";

const idlePages = { name: "idle_pages", available: false, reason: "no module" };
const pageIdle = { name: "page_idle", available: true };
const smaps = { name: "smaps", available: true };

test("trackersToCompare() gives smaps before the tracker that is chosen when that sees pages", () => {
  expect(trackersToCompare([idlePages, pageIdle, smaps])).toEqual(["smaps", "auto"]);
});

test("trackersToCompare() gives one tracker when there is nothing to compare it with", () => {
  expect(trackersToCompare([idlePages, { ...pageIdle, available: false }, smaps]))
    .toEqual(["auto"]);
  expect(trackersToCompare([pageIdle, { ...smaps, available: false }])).toEqual(["auto"]);
});

test("seesPages() tells trackers of pages from those of areas, and from none", () => {
  expect(["idle_pages", "page_idle", "smaps", "none"].map(seesPages))
    .toEqual([true, true, false, false]);
});
