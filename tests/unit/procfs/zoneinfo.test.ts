import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readNodeMemory, readNodes } from "../../../src/procfs/nodes.ts";
import { parseMovableRoom, readMovableRoom } from "../../../src/procfs/zoneinfo.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

/** A zone of so many pages. */
function zone(
  node: number,
  { free = 0, low = 20, high = 30, managed = 9000, kept = 0, name = "Normal" },
): string {
  return `Node ${node}, zone ${name}
  per-node stats
      nr_inactive_anon 12
  pages free     ${free}
        boost    0
        min      10
        low      ${low}
        high     ${high}
        spanned  9999
        managed  ${managed}
        protection: (0, 1, ${kept}, ${kept})
  pagesets
    cpu: 0
              count: 0
              high:  4
              high_min: 7
`;
}

/** Pages by node. */
function roomOf(...zones: readonly string[]): [number, number][] {
  return Array.from(parseMovableRoom(zones.join("")), ([node, { bytes }]) => [
    node,
    bytes / PAGE_SIZE,
  ]);
}

/** Pages above the low watermark of node 0. */
function aboveLowOf(...zones: readonly string[]): number {
  return (parseMovableRoom(zones.join("")).get(0)?.aboveLowBytes ?? Number.NaN) / PAGE_SIZE;
}

describe("parseMovableRoom()", () => {
  test("parseMovableRoom() leaves out high watermarks and what a zone keeps for itself", () => {
    const dma = { name: "DMA", free: 3840, managed: 3840, kept: 10_059 };
    const dma32 = { name: "DMA32", free: 5000, high: 1000, kept: 700 };
    expect(roomOf(zone(0, dma), zone(0, dma32), zone(0, { free: 90 }), zone(2, { free: 31 })))
      .toEqual([[0, 3300 + 60], [2, 1]]);
  });

  test("parseMovableRoom() takes a zone between its watermarks for full", () => {
    for (const free of [20, 25, 30]) expect(roomOf(zone(1, { free }))).toEqual([[1, 0]]);
  });

  test("parseMovableRoom() says what has to come free first when a node is below its low watermark", () => {
    expect(roomOf(zone(0, { free: 13 }), zone(0, { free: 50, kept: 40, name: "DMA32" })))
      .toEqual([[0, -7 - 10]]);
    // where there is room in another zone, that is used
    expect(roomOf(zone(0, { free: 13 }), zone(0, { free: 99, name: "DMA32" }))).toEqual([[0, 69]]);
    // a zone without pages misses none
    expect(roomOf(zone(0, { managed: 0, low: 0, high: 0 }))).toEqual([[0, 0]]);
  });

  test("parseMovableRoom() says what is free above the low watermarks", () => {
    expect([13, 20, 25, 90].map((free) => aboveLowOf(zone(0, { free })))).toEqual([0, 0, 5, 70]);
    expect(aboveLowOf(zone(0, { free: 99, kept: 50 }), zone(0, { free: 90, managed: 20 }))).toBe(
      29,
    );
  });

  test("parseMovableRoom() names the line when it is of no zone or no number", () => {
    expect(() => parseMovableRoom("        high     37\n")).toThrow(
      'Cannot read zone in line 1 of zoneinfo: found "high     37"',
    );
    const head = "Node 0, zone DMA\n";
    expect(() => parseMovableRoom(`${head}        high     many\n`)).toThrow(
      'Cannot read high in line 2 of zoneinfo: found "high     many"',
    );
    expect(() => parseMovableRoom(`${head}  pages free     -1\n`)).toThrow("pages free in line 2");
    expect(() => parseMovableRoom(`${head}        protection: ()\n`)).toThrow("line 2");
  });

  test("parseMovableRoom() has no nodes when there is no text", () => {
    expect(parseMovableRoom("")).toEqual(new Map());
  });
});

describe("readMovableRoom()", () => {
  test("readMovableRoom() is not more than what is free on each node of this machine", async () => {
    const nodes = readNodes().filter((node) => node.hasMemory);
    expect(nodes.length).toBeGreaterThan(0);
    for (const { id } of nodes) {
      await waitFor("a moment at which nobody takes or gives memory", () => {
        const before = readNodeMemory(id)?.freeBytes ?? 0;
        const room = readMovableRoom().get(id)?.bytes ?? Number.NaN;
        const after = readNodeMemory(id)?.freeBytes ?? 0;
        expect(room).toBeGreaterThan(-before - 2 ** 30);
        // the kernel's counters trail behind each other a little
        return room <= Math.max(before, after) + 64 * 2 ** 20;
      });
    }
  });
});
