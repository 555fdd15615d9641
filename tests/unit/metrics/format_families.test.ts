import { describe, expect, test } from "bun:test";
import { formatFamilies } from "../../../src/metrics/format_families.ts";
import type { Family } from "../../../src/metrics/family.ts";

const FAMILIES: readonly Family[] = [
  {
    name: "etmem_gauge",
    type: "gauge",
    help: "A gauge.",
    samples: [
      { labels: { part: "x" }, sharedLabels: { task: 'a "b"\\\n' }, value: 1.5 },
      { labels: {}, sharedLabels: { task: "none" }, value: Infinity },
    ],
  },
  {
    name: "etmem_counter",
    type: "counter",
    help: "A counter.",
    samples: [{ labels: {}, sharedLabels: {}, value: 1e15 }],
  },
  { name: "etmem_nothing", type: "gauge", help: "Not known.", samples: [] },
];

describe("formatFamilies()", () => {
  test("writes Prometheus' text format", async () => {
    expect(await formatFamilies(FAMILIES, "text")).toBe([
      "# HELP etmem_gauge A gauge.",
      "# TYPE etmem_gauge gauge",
      'etmem_gauge{part="x",task="a \\"b\\"\\\\\\n"} 1.5',
      'etmem_gauge{task="none"} +Inf',
      "",
      "# HELP etmem_counter_total A counter.",
      "# TYPE etmem_counter_total counter",
      "etmem_counter_total 1000000000000000",
      "",
    ].join("\n"));
  });

  test("writes OpenMetrics", async () => {
    expect(await formatFamilies(FAMILIES, "openMetrics")).toBe([
      "# HELP etmem_gauge A gauge.",
      "# TYPE etmem_gauge gauge",
      'etmem_gauge{part="x",task="a \\"b\\"\\\\\\n"} 1.5',
      'etmem_gauge{task="none"} +Inf',
      "# HELP etmem_counter A counter.",
      "# TYPE etmem_counter counter",
      "etmem_counter_total 1000000000000000",
      "# EOF",
      "",
    ].join("\n"));
  });
});
