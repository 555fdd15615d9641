import type { Columns } from "./row.ts";

/** A setting of a family, as a point of its curve. */
export type Point = Pick<Columns, "faults" | "saved" | "p99Us" | "p999Us">;

/**
 * What a family comes to at that many faults a second: on the straight line between the settings
 * that have just fewer and just more of them.
 * @returns undefined outside of its settings.
 */
export function atFaults(points: readonly Point[], faults: number): Point | undefined {
  const sorted = points.toSorted((a, b) => a.faults - b.faults);
  const above = sorted.findIndex((point) => point.faults >= faults);
  const more = sorted[above];
  if (more === undefined) return undefined;
  if (more.faults === faults) return more;
  const fewer = sorted[above - 1];
  if (fewer === undefined) return undefined;
  const way = (faults - fewer.faults) / (more.faults - fewer.faults);
  const on = (of: (point: Point) => number): number => of(fewer) + way * (of(more) - of(fewer));
  return {
    faults,
    saved: on((point) => point.saved),
    p99Us: on((point) => point.p99Us),
    p999Us: on((point) => point.p999Us),
  };
}
