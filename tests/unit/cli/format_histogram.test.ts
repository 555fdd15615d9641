import { describe, expect, test } from "bun:test";
import { formatHistogram } from "../../../src/cli/format_histogram.ts";
import { terminalStyle } from "../../../src/cli/terminal_style.ts";
import type { AgeBar, HistogramDocument, TaskHistogram } from "../../../src/status/histogram.ts";

const MIB = 2 ** 20;

function bar(age: number, mib: number, out: number, saved: number): AgeBar {
  return {
    age_scans: age,
    age_us: age * 1e6,
    bytes: mib * MIB,
    out_bytes: out * MIB,
    saved_bytes: saved * MIB,
    returned_bytes_per_minute: saved * MIB / 10,
    harm_percent: saved / 100,
  };
}

const TASK: TaskHistogram = {
  name: "t",
  engine: "slide",
  interval_us: 1e6,
  processes: 1,
  observed_us: 63e6,
  swap_in_us: 10,
  memory_bytes: 100 * MIB,
  out_bytes: 40 * MIB,
  ages: [bar(0, 18, 0, 100), bar(1, 0, 0, 82), bar(2, 2, 0, 82), bar(4, 80, 40, 80)],
};

function documentOf(...tasks: readonly TaskHistogram[]): string {
  const document: HistogramDocument = {
    version: 1,
    taken_at: "2026-11-30T19:00:00.000Z",
    project: "p",
    dry_run: true,
    tasks: [...tasks],
  };
  return JSON.stringify(document);
}

describe("formatHistogram()", () => {
  test("draws the memory of each age, and says what moving it would come to", () => {
    expect(formatHistogram(documentOf(TASK), { columns: 80, isUtf8: true })).toBe(
      "project p, dry run: nothing is moved\n" +
        "  task t, 1 process, 100 MiB, 40 MiB of it would be out of DRAM, followed for 63 s, a swap-in takes\n" +
        "    10 us\n" +
        [
          "    idle scans  time  memory                            saves  back/min   waits",
          "             0   0 s  18 MiB  █████                   100 MiB    10 MiB     1 %",
          "             1   1 s     0 B                           82 MiB  8.20 MiB  0.82 %",
          "        2 to 3   2 s   2 MiB  █                        82 MiB  8.20 MiB  0.82 %",
          "     4 or more   4 s  80 MiB  ███████████░░░░░░░░░░░   80 MiB     8 MiB   0.8 %",
        ].join("\n") + "\n",
    );
  });

  test("keeps to ASCII and to the width of the terminal", () => {
    for (const columns of [72, 80, 100, 133, 200]) {
      const text = formatHistogram(documentOf(TASK), { columns, isUtf8: false });
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      const lines = text.split("\n").filter((line) => line.startsWith("    "));
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(columns);
      // the longest bar takes what is left
      const drawn = /[#.]{4,}/.exec(lines.at(-1)!)?.[0] ?? "";
      expect(drawn).toMatch(/^#+\.+$/);
      expect(drawn.length).toBe(columns - 58);
    }
  });

  test("says of compression that it is an estimate, or why there is none", () => {
    const compression = { pages: 1000, same_filled_pages: 5, stored_percent: 25 };
    const style = { columns: 100, isUtf8: false };
    const text = formatHistogram(documentOf({ ...TASK, compression }), style);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "estimate: compressed, cold memory takes 25 % of its size, so 82 MiB free 61.5 MiB with zram " +
        "or zswap (of 1000 pages read, 5 hold one value)",
    );
    expect(formatHistogram(documentOf({ ...TASK, compression: { missing: "why" } }), style))
      .toContain("compression is not estimated: why");
  });

  test("says why nothing is known, and lets nothing steer a terminal", () => {
    const style = { columns: 100, isUtf8: false };
    const nothing = { name: "t\u001b[2J", engine: "slide", missing: "the task is stopped" };
    expect(formatHistogram(documentOf(nothing), style))
      .toBe("project p, dry run: nothing is moved\n  task t [2J: the task is stopped\n");
    expect(formatHistogram(documentOf(), style)).toContain("no task");
  });

  test("refuses what is no histogram", () => {
    const style = { columns: 100, isUtf8: false };
    expect(() => formatHistogram("{", style)).toThrow(SyntaxError);
    expect(() => formatHistogram('{"version":2}', style)).toThrow(
      "is of version 2 where 1 is known",
    );
    expect(() => formatHistogram('{"version":1}', style)).toThrow("is not what its version says");
  });
});

describe("terminalStyle()", () => {
  test("takes the locale as locale(7) says", () => {
    const isUtf8 = (environment: Record<string, string>) => terminalStyle(environment).isUtf8;
    expect(isUtf8({})).toBe(false);
    expect(isUtf8({ LANG: "C" })).toBe(false);
    expect(isUtf8({ LANG: "de_DE.UTF-8" })).toBe(true);
    expect(isUtf8({ LANG: "de_DE.UTF-8", LC_CTYPE: "C" })).toBe(false);
    expect(isUtf8({ LANG: "C", LC_CTYPE: "", LC_ALL: "C.utf8" })).toBe(true);
    expect(terminalStyle({}).columns).toBeGreaterThan(0);
  });
});
