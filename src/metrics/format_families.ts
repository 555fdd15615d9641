import { type Gauge, type OpenMetricsContentType, Registry } from "prom-client";
import type { Family } from "./family.ts";

/** How metrics are written, and its content type. */
export const FORMATS = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openMetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

/** A way to write metrics. */
export type Format = keyof typeof FORMATS;

/** Writes metrics in Prometheus' text format or as OpenMetrics. */
export async function formatFamilies(families: readonly Family[], format: Format): Promise<string> {
  // The type parameter of Registry only repeats the value that follows.
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(FORMATS[format] as OpenMetricsContentType);
  for (const family of families) {
    // A type without a value is of no use to anyone.
    if (family.samples.length > 0) registry.registerMetric(readMetric(family));
  }
  return await registry.metrics();
}

/**
 * What a registry wants of a metric: its name, which it changes for a counter in OpenMetrics, its
 * type and its values. The metrics of the library keep a table of what was set, by the text of all
 * labels, and writing would take twice as long.
 */
function readMetric({ name, type, help, samples }: Family): Gauge {
  const metric = {
    name: type === "counter" ? `${name}_total` : name,
    type,
    get: () => ({ name: metric.name, type, help, values: samples }),
  };
  return metric as unknown as Gauge;
}
