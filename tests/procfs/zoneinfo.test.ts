import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { readNodeMemory, readNodes } from "../../src/procfs/nodes.ts";
import { parseHighWatermarks, readHighWatermarks } from "../../src/procfs/zoneinfo.ts";

const TWO_NODES = `Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 12
  pages free     2816
        boost    0
        min      25
        low      31
        high     37
        spanned  4095
  pagesets
    cpu: 0
              count: 0
              high:  4
Node 0, zone   Normal
  pages free     2
        min      10
        low      20
        high     30
Node 2, zone   Normal
        high     5
`;

describe("parseHighWatermarks()", () => {
  test("parseHighWatermarks() adds up the zones of a node, not the lists of its CPUs", () => {
    expect(parseHighWatermarks(TWO_NODES)).toEqual(
      new Map([[0, 67 * PAGE_SIZE], [2, 5 * PAGE_SIZE]]),
    );
  });

  test("parseHighWatermarks() names the line when it is of no zone or no number", () => {
    expect(() => parseHighWatermarks("        high     37\n")).toThrow(
      'Cannot read high in line 1 of zoneinfo: found "high     37"',
    );
    expect(() => parseHighWatermarks("Node 0, zone DMA\n        high     many\n")).toThrow(
      "line 2",
    );
  });

  test("parseHighWatermarks() has no nodes when there is no text", () => {
    expect(parseHighWatermarks("")).toEqual(new Map());
  });
});

describe("readHighWatermarks()", () => {
  test("readHighWatermarks() is a small part of each node's memory on this machine", () => {
    const watermarks = readHighWatermarks();
    for (const node of readNodes().filter((one) => one.hasMemory)) {
      const total = readNodeMemory(node.id)?.totalBytes ?? 0;
      const high = watermarks.get(node.id) ?? 0;
      expect(high).toBeGreaterThan(0);
      expect(high).toBeLessThan(total / 4);
    }
  });
});
