import { describe, expect, test } from "bun:test";
import {
  hostPagesDocument,
  hostPagesTable,
  taskPagesDocument,
  taskPagesTable,
} from "../../../../src/engine/cslide/show_pages.ts";

const KB = 1024;
const GB = 1024 ** 3;
/** The second of March, a minute past seven, in local time. */
const TIME = new Date(2025, 2, 2, 7, 1, 9);

const nodes = [
  { node: 0, usedBytes: 400 * KB, hotBytes: 300 * KB, coldBytes: 100 * KB },
  { node: 2, usedBytes: 512 * GB, hotBytes: 0, coldBytes: 512 * GB },
];

/** What the C format of the specification makes of a row, by printf(1). */
function printf(format: string, ...row: readonly (string | number)[]): string {
  return Bun.spawnSync(["printf", `${format}\\n`, ...row.map(String)]).stdout.toString();
}

describe("taskPagesTable()", () => {
  test("taskPagesTable() has the columns of the format when there is one process", () => {
    const format = "%5s %10s %10s %10s";
    expect(taskPagesTable(TIME, [{ pid: 4321, nodes }])).toBe(
      "[2025-03-02 07:01:09] task 4321 pages info (KB):\n" +
        printf(format, "node", "used", "hot", "cold") +
        printf(format, 0, 400, 300, 100) +
        printf(format, 2, 536870912, 0, 536870912),
    );
  });

  test("taskPagesTable() has a table for each process when there are several", () => {
    const table = taskPagesTable(TIME, [{ pid: 1, nodes }, { pid: 2, nodes: [] }]);
    expect(table.match(/^\[.*\] task \d+ pages info \(KB\):$/gm)).toHaveLength(2);
    expect(table).toEndWith(" node       used        hot       cold\n");
  });

  test("taskPagesTable() is empty when there is no process", () => {
    expect(taskPagesTable(TIME, [])).toBe("");
  });

  test("taskPagesTable() makes a column wider when a number does not fit", () => {
    const wide = [{ node: 0, usedBytes: 10 ** 15, hotBytes: 0, coldBytes: 0 }];
    expect(taskPagesTable(TIME, [{ pid: 1, nodes: wide }])).toEndWith(
      printf("%5s %10s %10s %10s", 0, 976562500000, 0, 0),
    );
  });
});

describe("hostPagesTable()", () => {
  test("hostPagesTable() has a column more when it shows the host", () => {
    const format = "%5s %10s %10s %10s %10s";
    const host = nodes.map((node) => Object.assign({ totalBytes: 2 * node.usedBytes }, node));
    expect(hostPagesTable(TIME, host)).toBe(
      "[2025-03-02 07:01:09] host pages info (KB):\n" +
        printf(format, "node", "total", "used", "hot", "cold") +
        printf(format, 0, 800, 400, 300, 100) +
        printf(format, 2, 1073741824, 536870912, 0, 536870912),
    );
  });
});

describe("taskPagesDocument()", () => {
  test("taskPagesDocument() names sizes in bytes and the time in UTC when it is shown as JSON", () => {
    expect(taskPagesDocument(TIME, "vm", [{ pid: 7, nodes: nodes.slice(0, 1) }])).toEqual({
      taken_at: TIME.toISOString(),
      task: "vm",
      processes: [{
        pid: 7,
        nodes: [{ node: 0, used_bytes: 400 * KB, hot_bytes: 300 * KB, cold_bytes: 100 * KB }],
      }],
    });
  });
});

describe("hostPagesDocument()", () => {
  test("hostPagesDocument() has the total of each node when it is shown as JSON", () => {
    const host = [{ node: 1, totalBytes: 9, usedBytes: 4, hotBytes: 3, coldBytes: 1 }];
    expect(hostPagesDocument(TIME, host)).toEqual({
      taken_at: TIME.toISOString(),
      nodes: [{ node: 1, total_bytes: 9, used_bytes: 4, hot_bytes: 3, cold_bytes: 1 }],
    });
  });
});
