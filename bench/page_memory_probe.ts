import { cpuSeconds } from "./cpu_seconds.ts";
import { LAYOUTS, type Scanned, SCANS } from "./page_memory_layouts.ts";
import type { Probe } from "./probe_pages.ts";
import { sizesOf } from "./process_cost.ts";

/**
 * Keeps the counts of pages and prints by how many bytes this process grew at its peak, and how
 * long it took. What the program itself takes has been taken before, by a small scan of the same
 * kind.
 */
const [name, pages] = process.argv.slice(2);
const layout = LAYOUTS.find((known) => known.name === name);
if (layout === undefined) throw new Error(`Cannot find the layout "${name}"`);

const SMALL_PAGES = 4096;
/** After so many small scans the code is compiled. */
const WARM_UP_SCANS = 200;

/** Finds out what is cold. @throws {Error} when the two ways do not agree. */
function classify({ counts }: Scanned): void {
  const histogram = counts.histogram();
  let cold = 0;
  counts.walk({ segment: 0, index: 0 }, 0, 1, (_page, size) => {
    cold += size;
    return true;
  });
  if (cold !== histogram[0]) throw new Error(`${cold} cold pages were visited of ${histogram[0]}`);
}

layout.scan(SMALL_PAGES);
const { RssAnon: before } = sizesOf("self", ["RssAnon"]);
const kept = layout.scan(Number(pages));
const { RssAnon: after } = sizesOf("self", ["RssAnon"]);
// Looked at afterwards, so that it was not collected before.
classify(kept);

for (let i = 0; i < WARM_UP_SCANS; i++) classify(layout.scan(SMALL_PAGES));
const begun = cpuSeconds();
const again = layout.scan(Number(pages));
const scanned = cpuSeconds();
classify(again);
const probe: Probe = {
  bytes: kept.kept === null ? 0 : Math.max(0, after - before),
  scanSeconds: (scanned - begun) / SCANS,
  classifySeconds: cpuSeconds() - scanned,
};
console.log(JSON.stringify(probe));
