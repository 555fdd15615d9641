import { describe, expect, test } from "bun:test";
import { atFaults } from "../../../bench/workload/equal_faults.ts";
import { itemsOf } from "../../../bench/workload/item.ts";
import { mergeLatencies, percentile } from "../../../bench/workload/latencies.ts";
import { equalFaultsTable, type Row, tableOf } from "../../../bench/workload/markdown.ts";
import { type Columns, columnsOf, medianColumns } from "../../../bench/workload/row.ts";
import { readSettings, type Settings } from "../../../bench/workload/settings.ts";
import { lastWindows, mergeProcesses, type Window } from "../../../bench/workload/window.ts";
import type { Workload } from "../../../bench/workload/workload_table.ts";

describe("percentile()", () => {
  const buckets = [[10, 10, 90], [20, 30, 9], [1000, 1000, 1]] as const;

  test("is the middle of the bucket that has the request of that rank", () => {
    expect(percentile(buckets, 0.5)).toBe(10);
    expect(percentile(buckets, 0.9)).toBe(10);
    expect(percentile(buckets, 0.901)).toBe(25);
    expect(percentile(buckets, 0.99)).toBe(25);
    expect(percentile(buckets, 0.999)).toBe(1000);
    expect(percentile(buckets, 1)).toBe(1000);
    expect(percentile([[5, 5, 1]], 0.001)).toBe(5);
  });

  test("throws when nothing was counted", () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  test("mergeLatencies() adds up and keeps the order", () => {
    expect(mergeLatencies([[[10, 10, 1], [30, 30, 1]], [[20, 20, 2], [30, 30, 3]], []])).toEqual([
      [10, 10, 1],
      [20, 20, 2],
      [30, 30, 4],
    ]);
  });
});

const MIB = 2 ** 20;

function windowAt(number: number, majorFaults: number): Window {
  return {
    requests: 100 * number,
    wall_ns: 1e9 * number,
    cpu_ns: 1e6 * number,
    minor_faults: 2 * number,
    major_faults: majorFaults,
    swap_bytes: number * MIB,
    longest_ns: 4000 + 300 * number,
    latencies: [[1000, 1000, 98], [5000, 5000, number]],
  };
}

const WINDOWS = [windowAt(1, 10), windowAt(2, 30), windowAt(3, 60)];

test("lastWindows() takes away what was before, and throws when there are too few", () => {
  const last = lastWindows(WINDOWS, 2);
  expect(last.requests).toBe(200);
  expect(last.wall_ns).toBe(2e9);
  expect(last.major_faults).toBe(50);
  expect(last.swap_bytes).toBe(2.5 * MIB);
  expect(last.longest_ns).toBe(4900);
  expect(last.latencies).toEqual([[1000, 1000, 196], [5000, 5000, 5]]);
  expect(lastWindows(WINDOWS, 3).major_faults).toBe(60);
  expect(() => lastWindows(WINDOWS, 4)).toThrow("Cannot look at 4 windows: there are 3");
});

test("mergeProcesses() adds up what processes counted side by side", () => {
  const both = mergeProcesses([windowAt(1, 10), windowAt(2, 30)]);
  expect(both).toMatchObject({ requests: 300, wall_ns: 2e9, major_faults: 40, longest_ns: 4600 });
  expect(both.swap_bytes).toBe(3 * MIB);
});

const WORKLOAD: Workload = {
  name: "small",
  about: "of these tests",
  processes: 1,
  pages: 1024,
  rate: 100,
  draw: "zipf:0.99",
  theta: 0.99,
};

const RUN = {
  workload: "small",
  peer: "one",
  windows: WINDOWS,
  swapBytes: 2 * MIB,
  zramBytes: MIB,
  peerCpuSeconds: 1.5,
  comparedPages: 1024,
  note: "",
};

describe("columnsOf()", () => {
  test("says what the last windows come to", () => {
    const asked: number[] = [];
    const columns = columnsOf(RUN, WORKLOAD, 2, 4096, (pages) => {
      asked.push(pages);
      return 25;
    });
    // 2.5 of 4 MiB are in swap.
    expect(asked).toEqual([384]);
    expect(columns).toMatchObject({
      saved: 0.625,
      net: 0.3125,
      faults: 25,
      timesLru: 2,
      cpuUs: 10,
    });
    expect(columns).toMatchObject({ p50Us: 1, p99Us: 4.9, longestUs: 4.9, peerCpuSeconds: 1.5 });
    // Knowing the ranks, one could save more at 25 faults in 100 requests.
    expect(columns.ofOracle).toBeGreaterThan(0.625);
    expect(columns.ofOracle).toBeLessThan(1);
  });

  test("compares with no LRU that has no faults, and with an oracle only under Zipf's law", () => {
    const { theta: _, ...even } = WORKLOAD;
    const columns = columnsOf(RUN, even, 1, 4096, () => 0);
    expect(columns.timesLru).toBeUndefined();
    expect(columns.ofOracle).toBeUndefined();
  });
});

const COLUMNS = columnsOf(RUN, WORKLOAD, 2, 4096, () => 25);

function point(faults: number, saved: number, p999Us: number): Columns {
  return { ...COLUMNS, faults, saved, p999Us };
}

test("medianColumns() takes the median column by column", () => {
  const median = medianColumns([point(1, 0.9, 5), point(3, 0.1, 4), point(2, 0.5, 9)]);
  expect(median).toMatchObject({ faults: 2, saved: 0.5, p999Us: 5, timesLru: 2 });
  expect(medianColumns([{ ...COLUMNS, timesLru: undefined }]).timesLru).toBeUndefined();
});

describe("atFaults()", () => {
  const points = [point(300, 0.9, 3000), point(100, 0.5, 1000)];

  test("is on the line between the settings beside it", () => {
    expect(atFaults(points, 150)).toMatchObject({ faults: 150, saved: 0.6, p999Us: 1500 });
    expect(atFaults(points, 100)?.saved).toBe(0.5);
    expect(atFaults(points, 300)?.saved).toBe(0.9);
  });

  test("is nothing beyond them", () => {
    expect(atFaults(points, 99)).toBeUndefined();
    expect(atFaults(points, 301)).toBeUndefined();
    expect(atFaults([], 1)).toBeUndefined();
  });
});

describe("tables", () => {
  const rows: Row[] = [
    { about: "one", family: "a", columns: point(150, 0.7, 2000), cpuMore: 0.5, note: "smaps" },
    { about: "low", family: "b", columns: point(100, 0.5, 1000), cpuMore: -0.1, note: "" },
    { about: "high", family: "b", columns: point(300, 0.9, 3000), note: "" },
    { about: "absent", family: "c", note: "not there: it is absent" },
  ];

  test("tableOf() has a row for each", () => {
    const lines = tableOf(rows).split("\n").map((line) => line.replaceAll(/ +/g, " "));
    expect(lines).toHaveLength(6);
    expect(lines[2]).toStartWith("| one | 70 | 31 |");
    expect(lines[2]).toEndWith("| 150 | 2.00 | +50 % | 1 | 5 | 2.00 | 0.00490 | 1.5 | smaps |");
    expect(lines[3]).toContain("| −10 % |");
    expect(lines[5]).toEndWith("| not there: it is absent |");
    expect(new Set(tableOf(rows).split("\n").map((line) => line.length)).size).toBe(1);
  });

  test("equalFaultsTable() compares with families of several settings", () => {
    const lines = equalFaultsTable(rows)?.split("\n").map((line) => line.replaceAll(/ +/g, " "));
    expect(lines?.slice(2)).toEqual([
      "| 150 | one | 70 | 5 | 2.00 |",
      "| | b, between two settings | 60 | 5 | 1.50 |",
    ]);
    expect(equalFaultsTable(rows.slice(0, 1))).toBeUndefined();
  });
});

describe("readSettings()", () => {
  const read = (...args: readonly string[]): Settings => {
    const settings = readSettings(args);
    if (typeof settings === "string") throw new Error(settings);
    return settings;
  };

  test("has defaults that fit a length, and names by their beginning", () => {
    expect(read()).toMatchObject({ seconds: 150, windowSeconds: 10, lastWindows: 5, passes: 2 });
    expect(read("--seconds", "12", "--last", "6")).toMatchObject({
      windowSeconds: 2,
      lastWindows: 3,
    });
    expect(read("--peers", "nothing,guard-*").peers.map(({ name }) => name)).toEqual([
      "nothing",
      "guard-0.03",
      "guard-0.1",
      "guard-0.3",
      "guard-1",
    ]);
    expect(read().peers.some(({ vmOnly }) => vmOnly)).toBe(false);
    expect(read("--icount")).toMatchObject({ place: "icount", passes: 1 });
    const other = read("--before", "dist/old");
    expect(other.before).toBe("dist/old");
    expect(other.peers.map(({ name }) => name)).toEqual(["nothing", "before", "off", "guard-0.1"]);
    expect(read("--vm").peers.some(({ vmOnly }) => vmOnly)).toBe(true);
  });

  test("refuses what cannot be measured", () => {
    expect(() => read("--seconds", "10", "--last", "20")).toThrow("Cannot take the last 20 of 10");
    expect(() => read("--seconds", "10", "--window", "3")).toThrow("in windows of 3");
    expect(() => read("--peers", "nobody")).toThrow("nobody");
    expect(readSettings(["--help"])).toContain("damon-3s");
  });

  test("itemsOf() takes every other pass in the opposite order", () => {
    const items = itemsOf(read("--passes", "2", "--workloads", "idle,zipf"));
    expect(items.map(({ workload, peer, pass }) => `${workload.name} ${peer.name} ${pass}`))
      .toEqual([
        ...["nothing", "off", "guard-0.1"].map((name) => `idle ${name} 0`),
        ...["guard-0.1", "off", "nothing"].map((name) => `idle ${name} 1`),
        ...["nothing", "off", "guard-0.1"].map((name) => `zipf ${name} 0`),
        ...["guard-0.1", "off", "nothing"].map((name) => `zipf ${name} 1`),
      ]);
  });
});
