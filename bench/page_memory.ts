import type { Benchmark } from "./benchmark.ts";
import type { Figure, Outcome } from "./figure.ts";
import { type Layout, LAYOUTS } from "./page_memory_layouts.ts";
import { probePages } from "./probe_pages.ts";

const GIB_SIZES = [1, 8, 64] as const;
const RUNS = 3;
const PAGES_PER_GIB = 2 ** 18;
const MB = 1e6;
/** What a worker may take besides. */
const WORKER_BYTES = 6 * MB;

function measure(layout: Layout, gib: number): Figure {
  const pages = gib * PAGES_PER_GIB;
  const limit = layout.bytesPerPage === undefined
    ? undefined
    : (pages * layout.bytesPerPage + WORKER_BYTES) / MB;
  return {
    what: `${gib} GiB, ${layout.name}`,
    unit: "MB",
    values: Array.from({ length: RUNS }, () => probePages(layout, pages).bytes / MB),
    targets: limit === undefined ? [] : [{ of: "median", is: "at most", limit }],
  };
}

export const PAGE_MEMORY: Benchmark = {
  name: "page-memory",
  about: "memory for 1 to 64 GiB of present pages over 3 scans: growth of a process, at its peak",
  run(): Outcome[] {
    return LAYOUTS.flatMap((layout) => GIB_SIZES.map((gib) => measure(layout, gib)));
  },
};
