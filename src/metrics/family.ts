/** The labels of a sample, by name. */
export type Labels = Readonly<Record<string, string>>;

/** One value of a metric. */
export interface Sample {
  readonly labels: Labels;
  /** In base units: seconds, bytes, ratios from 0 to 1, counts. */
  readonly value: number;
}

/** A sample among those of its family. */
export interface FamilySample extends Sample {
  /** More labels: those of the thing that it is about. One object for all samples of a thing. */
  readonly sharedLabels: Labels;
}

/** A metric with all its samples, as Prometheus' conventions want it. */
export interface Family {
  /** Without the `_total` of a counter. */
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly FamilySample[];
}

/** What a row of a table of metrics says of one thing: a server, a task, a round. */
export interface Metric<Thing> {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  /** The values of a thing, with the labels that it adds to those of the thing; none: unknown. */
  readonly values: (thing: Thing) => readonly Sample[] | number | boolean | undefined;
}

/** A metric that goes up and down. */
export function gauge<Thing>(
  name: string,
  help: string,
  values: Metric<Thing>["values"],
): Metric<Thing> {
  return { name, type: "gauge", help, values };
}

/** A metric that only grows, until what it counts begins anew. */
export function counter<Thing>(
  name: string,
  help: string,
  values: Metric<Thing>["values"],
): Metric<Thing> {
  return { name, type: "counter", help, values };
}

/** A thing and the labels of all its samples. */
export interface Labelled<Thing> {
  readonly labels: Labels;
  readonly thing: Thing;
}

const NONE: Labels = {};

/** The families of a table of metrics, with the samples of all things. */
export function familiesOf<Thing>(
  metrics: readonly Metric<Thing>[],
  things: readonly Labelled<Thing>[],
): Family[] {
  return metrics.map(({ name, type, help, values }) => {
    // A scrape of many tasks makes ten thousands of samples: plain loops, and no lists between.
    const samples: FamilySample[] = [];
    for (const { labels: sharedLabels, thing } of things) {
      const known = values(thing);
      if (known === undefined) continue;
      if (typeof known !== "object") {
        samples.push({ labels: NONE, sharedLabels, value: Number(known) });
        continue;
      }
      for (const { labels, value } of known) samples.push({ labels, sharedLabels, value });
    }
    return { name, type, help, samples };
  });
}

/** Microseconds as seconds. */
export function seconds(us: number): number {
  return us / 1e6;
}

/** Percent as a ratio. */
export function ratio(percent: number): number {
  return percent / 100;
}

/** An ISO time of day as seconds since 1970. */
export function timestamp(time: string): number {
  return Date.parse(time) / 1000;
}
