import type { Benchmark } from "./benchmark.ts";
import type { Figure, Outcome } from "./figure.ts";
import { type Layout, LAYOUTS } from "./page_memory_layouts.ts";

const GIB_SIZES = [1, 8, 64] as const;
const RUNS = 3;
const PAGES_PER_GIB = 2 ** 18;
const MB = 1e6;
/** What a worker may take besides. */
const WORKER_BYTES = 6 * MB;

/** Peak growth in bytes of a fresh process that keeps the counts of so many pages. */
function growth(layout: Layout, pages: number): number {
  const probe = `${import.meta.dir}/page_memory_probe.ts`;
  const { success, stdout } = Bun.spawnSync([process.execPath, probe, layout.name, String(pages)], {
    stderr: "inherit",
  });
  if (!success) throw new Error(`${layout.name}: the probe failed`);
  return Number(stdout.toString());
}

function measure(layout: Layout, gib: number): Figure {
  const pages = gib * PAGES_PER_GIB;
  const limit = layout.bytesPerPage === undefined
    ? undefined
    : (pages * layout.bytesPerPage + WORKER_BYTES) / MB;
  return {
    what: `${gib} GiB, ${layout.name}`,
    unit: "MB",
    values: Array.from({ length: RUNS }, () => growth(layout, pages) / MB),
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
