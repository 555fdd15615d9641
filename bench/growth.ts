import type { Benchmark } from "./benchmark.ts";
import type { Figure, Outcome } from "./figure.ts";
import { type Layout, LAYOUTS } from "./page_memory_layouts.ts";
import { type Probe, probePages } from "./probe_pages.ts";

const GIB_SIZES = [1, 4, 16, 64] as const;
const RUNS = 5;
const PAGES_PER_GIB = 2 ** 18;

/** What is measured of a probe. */
const PARTS: readonly {
  readonly name: string;
  readonly unit: string;
  readonly of: (probe: Probe) => number;
}[] = [
  { name: "decode a scan", unit: "ms", of: ({ scanSeconds }) => scanSeconds * 1000 },
  { name: "classify", unit: "ms", of: ({ classifySeconds }) => classifySeconds * 1000 },
  { name: "memory", unit: "MB", of: ({ bytes }) => bytes / 1e6 },
];

/** All sizes in turn, so that a change of the machine's mood does not look like growth. */
function measure(layout: Layout): Figure[] {
  const probes = GIB_SIZES.map((): Probe[] => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, gib] of GIB_SIZES.entries()) {
      probes[i]?.push(probePages(layout, gib * PAGES_PER_GIB));
    }
  }
  return PARTS.flatMap(({ name, unit, of }) =>
    GIB_SIZES.map((gib, i): Figure => ({
      what: `${gib} GiB, ${name}`,
      unit,
      values: (probes[i] ?? []).map(of),
      baseline: { name: `${gib} x 1 GiB`, values: (probes[0] ?? []).map((p) => of(p) * gib) },
    }))
  );
}

export const GROWTH: Benchmark = {
  name: "growth",
  about:
    "single present pages of alternating types in 1 to 64 GiB: time and memory against as often 1 GiB",
  run: (): Outcome[] => LAYOUTS.filter(({ name }) => name === "idle_pages").flatMap(measure),
};
