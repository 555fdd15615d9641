import { type Gauge, type OpenMetricsContentType, Registry } from "prom-client";
import type { Family, FamilySample, Labels } from "./family.ts";

/** How metrics are written, and its content type. */
export const FORMATS = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openMetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

/** A way to write metrics. */
export type Format = keyof typeof FORMATS;

/** Writes metrics in Prometheus' text format or as OpenMetrics. */
export async function formatFamilies(families: readonly Family[], format: Format): Promise<string> {
  const registry = new FamilyRegistry(FORMATS[format]);
  for (const family of families) {
    // A type without a value is of no use to anyone.
    if (family.samples.length > 0) registry.add(family);
  }
  return await registry.metrics();
}

/**
 * The library writes the frame: the order, what stands between families and at the end, and the
 * names of counters. The lines of the samples are written here, which takes a fifth of its time:
 * for each it would make lists of the labels anew.
 */
// The type parameter of Registry only repeats the value of the content type.
class FamilyRegistry extends Registry<OpenMetricsContentType> {
  constructor(contentType: typeof FORMATS[Format]) {
    super();
    this.setContentType(contentType as OpenMetricsContentType);
  }

  add(family: Family): void {
    const { name, type } = family;
    const metric = { family, type, name: type === "counter" ? `${name}_total` : name };
    // It wants no more of a metric: the name, which it changes for a counter in OpenMetrics.
    this.registerMetric(metric as unknown as Gauge);
  }

  /** Called by metrics() for each metric. */
  async getMetricsAsString({ family, name }: { family: Family; name: string }): Promise<string> {
    const { type, help, samples } = family;
    const sampleName = type === "counter" ? `${family.name}_total` : family.name;
    const lines = [`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${type}`];
    for (const sample of samples) lines.push(sampleName + labelsOf(sample) + valueOf(sample));
    return lines.join("\n");
  }
}

/** The text of labels: the same few objects come again and again. */
const texts = new WeakMap<Labels, string>();

function textOf(labels: Labels): string {
  let text = texts.get(labels);
  if (text === undefined) {
    text = Object.entries(labels)
      .map(([name, value]) => `${name}="${escapeText(value).replaceAll('"', '\\"')}"`)
      .join(",");
    texts.set(labels, text);
  }
  return text;
}

function labelsOf({ labels, sharedLabels }: FamilySample): string {
  const own = textOf(labels);
  const shared = textOf(sharedLabels);
  if (own === "") return shared === "" ? " " : `{${shared}} `;
  return shared === "" ? `{${own}} ` : `{${own},${shared}} `;
}

function valueOf({ value }: FamilySample): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf";
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
