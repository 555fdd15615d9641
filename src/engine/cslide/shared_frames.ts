import type { NodeSpans } from "../../procfs/node_spans.ts";
import type { Pagemap } from "../../procfs/pagemap.ts";
import { type LocatedPages, NO_NODE, type SharedFrames, UNIT } from "./located_pages.ts";

/** Longest hole between two base pages whose entries are read at once. */
const READ_HOLE = 64;
const FIRST_ROWS = 1024;

/** A copy of the first rows of a column. */
function resized<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
  from: T,
  to: T,
): T {
  to.set(from.length > to.length ? from.subarray(0, to.length) : from);
  return to;
}

/** Reads the entry of a unit into the window, and those of the base pages close behind it. */
function loadFrom({ page, kind }: LocatedPages, at: number, pagemap: Pagemap): boolean {
  let last = at;
  while (
    kind[last] === UNIT.base && kind[last + 1] === UNIT.base &&
    page[last + 1]! - page[last]! <= READ_HOLE
  ) last++;
  pagemap.load(page[at]!, page[last]! + 1);
  return pagemap.holds(page[at]!);
}

/**
 * Finds the frames of units: with that the nodes that they are on, and those units that another
 * process may have too. All hugetlb pages are taken for such: where processes share page tables
 * (huge_pmd_share in mm/hugetlb.c), the kernel counts one mapping. It takes CAP_SYS_ADMIN to see
 * frames.
 * @param spans undefined: the nodes are known already, and units without one are passed over.
 * @returns what others may have; undefined when there is nothing.
 * @throws {SystemCallError}
 */
export function findFrames(
  units: LocatedPages,
  pagemap: Pagemap,
  spans: NodeSpans | undefined,
  stopped: () => boolean,
): SharedFrames | "gone" | "stopped" | undefined {
  const { page, kind, node } = units;
  let unit = new Uint32Array(FIRST_ROWS);
  let frame = new Float64Array(FIRST_ROWS);
  let rows = 0;
  pagemap.forget();
  for (let i = 0; i < page.length; i++) {
    if (spans === undefined && node[i] === NO_NODE) continue;
    if (!pagemap.holds(page[i]!)) {
      if (stopped()) return "stopped";
      if (!loadFrom(units, i, pagemap)) return "gone";
    }
    const mayBeShared = kind[i] === UNIT.hugetlb || !pagemap.isExclusive(page[i]!);
    if (spans === undefined && !mayBeShared) continue;
    const number = pagemap.isPresent(page[i]!) ? pagemap.frame(page[i]!) : 0;
    if (number === 0) continue;
    if (spans !== undefined) node[i] = spans.nodeOf(number) ?? NO_NODE;
    if (!mayBeShared) continue;
    if (rows === unit.length) {
      unit = resized(unit, new Uint32Array(rows * 2));
      frame = resized(frame, new Float64Array(rows * 2));
    }
    unit[rows] = i;
    frame[rows++] = number;
  }
  pagemap.forget();
  if (rows === 0) return undefined;
  return {
    unit: resized(unit, new Uint32Array(rows)),
    frame: resized(frame, new Float64Array(rows)),
  };
}
