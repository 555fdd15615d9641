import { describe, expect, test } from "bun:test";
import { noFigures, ROUND_FIGURES, TOTAL_FIGURES } from "../../../src/status/round_figures.ts";
import { noPhases } from "../../../src/status/round_phases.ts";

describe("ROUND_FIGURES", () => {
  test("has the figures that status documents have had from the beginning", () => {
    expect(ROUND_FIGURES.map(({ name }) => name)).toEqual(expect.arrayContaining([
      "scanned_bytes",
      "present_bytes",
      "hot_bytes",
      "cold_bytes",
      "hot_huge_bytes",
      "spared",
      "asked_bytes",
      "moved_bytes",
      "refused",
      "came_back_bytes",
      "scan_errors",
    ]));
    expect(TOTAL_FIGURES.map(({ name }) => name)).toEqual(expect.arrayContaining([
      "asked_bytes",
      "moved_bytes",
      "came_back_bytes",
    ]));
  });

  test("has each figure once, and labels that fit into the columns of the status table", () => {
    const names = ROUND_FIGURES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    for (const { shown } of ROUND_FIGURES) expect(shown.label).toMatch(/^[a-z ]{1,9}$/);
  });
});

describe("noFigures()", () => {
  test("gives 0 for every figure, with lists of its own", () => {
    const none = noFigures();
    expect(none).toMatchObject({ moved_bytes: 0, scan_errors: 0, spared: [] });
    expect(none.spared).not.toBe(noFigures().spared);
    expect(Object.keys(none)).toEqual(ROUND_FIGURES.map(({ name }) => name));
  });
});

describe("noPhases()", () => {
  test("gives 0 for the phases that status documents have had from the beginning", () => {
    expect(noPhases()).toMatchObject({
      vmas_us: 0,
      scan_us: 0,
      classify_us: 0,
      move_us: 0,
      verify_us: 0,
      swapcache_us: 0,
    });
  });
});
