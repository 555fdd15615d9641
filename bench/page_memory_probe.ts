import { LAYOUTS } from "./page_memory_layouts.ts";
import { sizesOf } from "./process_cost.ts";

/**
 * Keeps the counts of pages and prints by how many bytes this process grew at its peak. What the program
 * itself takes has been taken before, by a small scan of the same kind.
 */
const [name, pages] = process.argv.slice(2);
const layout = LAYOUTS.find((known) => known.name === name);
if (layout === undefined) throw new Error(`Cannot find the layout "${name}"`);

const SMALL_PAGES = 4096;
layout.scan(SMALL_PAGES);
const { RssAnon: before } = sizesOf("self", ["RssAnon"]);
let peak = before;
const kept = layout.scan(Number(pages));
peak = Math.max(peak, sizesOf("self", ["RssAnon"]).RssAnon);
console.log(kept === undefined ? 0 : peak - before);
