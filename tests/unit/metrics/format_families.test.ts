import { describe, expect, test } from "bun:test";
import { type Gauge, type OpenMetricsContentType, Registry } from "prom-client";
import { type Format, formatFamilies, FORMATS } from "../../../src/metrics/format_families.ts";
import type { Family } from "../../../src/metrics/family.ts";
import { statusFamilies } from "../../../src/metrics/status_families.ts";
import { fullStatus } from "./full_status.ts";

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

/** What the library makes of families by itself. */
async function formatByLibrary(families: readonly Family[], format: Format): Promise<string> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(FORMATS[format] as OpenMetricsContentType);
  for (const { name, type, help, samples: values } of families) {
    if (values.length === 0) continue;
    const metric = {
      name: type === "counter" ? `${name}_total` : name,
      type,
      get: () => ({ name: metric.name, type, help, values }),
    };
    registry.registerMetric(metric as unknown as Gauge);
  }
  return await registry.metrics();
}

describe("formatFamilies()", () => {
  test.each(["text", "openMetrics"] as const)(
    "writes what the library writes: %s",
    async (format) => {
      const families = [...FAMILIES, ...statusFamilies(fullStatus())];
      expect(families.length).toBeGreaterThan(50);
      expect(await formatFamilies(families, format)).toBe(await formatByLibrary(families, format));
    },
  );

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
