import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { NodeSpans } from "../../../src/procfs/node_spans.ts";

/** A zone as /proc/zoneinfo shows it; one without memory has no start_pfn. */
function zone(node: number, name: string, from: number | string, spanned: number | string): string {
  const start = spanned === 0 ? "" : `  start_pfn:           ${from}\n`;
  return `Node ${node}, zone ${name.padStart(8)}
  pages free     12
        high     7
        spanned  ${spanned}
        present  ${spanned}
        protection: (0, 0, 0)
${start === "" ? "" : "  pagesets\n    cpu: 0\n              count: 5\n"}${start}`;
}

const TWO_NODES = [
  zone(0, "DMA", 1, 4095),
  zone(0, "DMA32", 4096, 6000),
  zone(0, "Movable", 0, 0),
  zone(1, "DMA32", 20_000, 100),
  zone(1, "Normal", 20_100, 900),
  zone(0, "Normal", 30_000, 1000),
];

describe("NodeSpans", () => {
  test("nodeOf() tells the node of each frame, and none of a frame between zones", () => {
    const spans = NodeSpans.parse(TWO_NODES.join(""))!;
    const frames = [0, 1, 4096, 10_095, 10_096, 20_000, 20_099, 20_100, 20_999, 21_000, 30_999, 1];
    expect(frames.map((frame) => spans.nodeOf(frame)))
      .toEqual([undefined, 0, 0, 0, undefined, 1, 1, 1, 1, undefined, 0, 0]);
  });

  test("parse() gives none where zones of two nodes interleave, and takes those of one", () => {
    expect(NodeSpans.parse([...TWO_NODES, zone(2, "Normal", 9000, 100)].join(""))).toBeUndefined();
    // inside a zone that ends behind the next one
    const nested = [zone(0, "Normal", 0, 5000), zone(0, "Movable", 100, 50)];
    expect(NodeSpans.parse(nested.join(""))?.nodeOf(4000)).toBe(0);
    expect(NodeSpans.parse([...nested, zone(1, "Normal", 4000, 50)].join(""))).toBeUndefined();
  });

  test("parse() gives none of a file without zones", () => {
    expect(NodeSpans.parse("")).toBeUndefined();
  });

  test("parse() says what it cannot read, and where", () => {
    expect(() => NodeSpans.parse(zone(0, "DMA", "x1", 12)))
      .toThrow('Cannot read start_pfn in line 10 of zoneinfo: found "x1"');
    expect(() => NodeSpans.parse(zone(0, "DMA", 1, "many")))
      .toThrow('Cannot read spanned in line 4 of zoneinfo: found "many"');
  });

  test("read() knows the zones of this kernel", () => {
    const text = readFileSync("/proc/zoneinfo", "latin1");
    const node = Number(/^Node (\d+)/m.exec(text)?.[1]);
    const start = Number(/start_pfn: +(\d+)/.exec(text)?.[1]);
    expect(NodeSpans.read()?.nodeOf(start)).toBe(node);
  });
});
