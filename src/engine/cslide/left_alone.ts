import { tally } from "../../mover/page_out.ts";
import { type LocatedPages, NO_NODE } from "./located_pages.ts";
import { UNIT_CLASSES } from "./memory_pools.ts";
import { type NodeUsage, UsageSum } from "./node_usage.ts";
import { NOWHERE } from "./page_buckets.ts";
import type { SharedUnits } from "./shared_units.ts";
import { because, type Reason } from "../../reason/reasons.ts";

// A unit is left alone by taking it off all nodes: the plan passes over units that are on no node.

/** Bytes by the reason for which they are left alone. */
export type SparedBytes = Map<Reason, number>;

const SHARED = because("counted_already");
const HELD = because("kept_earlier");
const notBound = (node: number): Reason => because("policy_forbids_node", String(node));
const notAllowed = (node: number): Reason => because("cpuset_forbids_node", String(node));

/**
 * Leaves alone what the kernel did not let go lately.
 * @param held the page numbers of those units, ascending.
 */
export function leaveHeld(
  { page, kind, node }: LocatedPages,
  held: Float64Array,
  spared: SparedBytes,
): void {
  let next = 0;
  for (let i = 0; i < page.length && next < held.length; i++) {
    while (next < held.length && held[next]! < page[i]!) next++;
    if (held[next] !== page[i] || node[i] === NO_NODE) continue;
    node[i] = NO_NODE;
    tally(spared, HELD, UNIT_CLASSES[kind[i]!]!.pageBytes);
  }
}

/** The nodes that memory of a process may not leave for the other one of the pair, and why. */
export function barredNodes(
  { allowedNodes }: LocatedPages,
  pairs: readonly { readonly slow: number; readonly dram: number }[],
): Map<number, Reason> {
  const barred = new Map<number, Reason>();
  for (const { slow, dram } of allowedNodes === undefined ? [] : pairs) {
    for (const [from, to] of [[slow, dram], [dram, slow]] as const) {
      if (!allowedNodes!.includes(to)) barred.set(from, notAllowed(to));
    }
  }
  return barred;
}

/** Leaves alone what is on barred nodes: it would be charged to the quota, and stay. */
export function leaveBarred(
  { kind, node }: LocatedPages,
  barred: ReadonlyMap<number, Reason>,
  spared: SparedBytes,
): void {
  if (barred.size === 0) return;
  for (let i = 0; i < node.length; i++) {
    const why = barred.get(node[i]!);
    if (why === undefined) continue;
    node[i] = NO_NODE;
    tally(spared, why, UNIT_CLASSES[kind[i]!]!.pageBytes);
  }
}

/**
 * Leaves alone what a memory policy (mbind(2), numactl --membind) keeps from the other node of its
 * pair. move_pages(2) would move it all the same.
 */
export function leaveBound(
  { page, kind, node, bound = [] }: LocatedPages,
  pairs: readonly { readonly slow: number; readonly dram: number }[],
  spared: SparedBytes,
): void {
  if (bound.length === 0) return;
  const others = new Map(pairs.flatMap(({ slow, dram }) => [[slow, dram], [dram, slow]] as const));
  let next = 0;
  for (let i = 0; i < page.length; i++) {
    while (next < bound.length && bound[next]!.to <= page[i]!) next++;
    const range = bound[next];
    if (range === undefined) return;
    const other = others.get(node[i]!);
    if (range.from > page[i]! || other === undefined || range.nodes.includes(other)) continue;
    node[i] = NO_NODE;
    tally(spared, notBound(other), UNIT_CLASSES[kind[i]!]!.pageBytes);
  }
}

/** What several processes have, in the order of the processes. */
export interface Repeated {
  /** The part of each process's memory that is planned as memory of another process. */
  readonly repeated: readonly (readonly NodeUsage[])[];
  /** Those other processes, by index. */
  readonly owners: readonly (readonly number[])[];
}

/**
 * Leaves alone what is planned as memory of another process.
 * @param places the place of each node. @param spared one a process.
 */
export function leaveRepeated(
  shared: SharedUnits,
  tables: readonly LocatedPages[],
  places: Uint8Array,
  hotThreshold: number,
  spared: readonly SparedBytes[],
): Repeated {
  const sums = tables.map(() => new UsageSum(hotThreshold));
  const owners = tables.map(() => new Set<number>());
  const bytes = new Float64Array(tables.length);
  shared.forEachOwned((process, unit, owner) => {
    const table = tables[process]!;
    const node = table.node[unit]!;
    sums[process]!.add(table, unit);
    owners[process]!.add(owner);
    table.node[unit] = NO_NODE;
    if (places[node] !== NOWHERE) bytes[process]! += UNIT_CLASSES[table.kind[unit]!]!.pageBytes;
  });
  for (const [i, sum] of bytes.entries()) tally(spared[i]!, SHARED, sum);
  return {
    repeated: sums.map(({ usage }) => usage),
    owners: owners.map((processes) => Array.from(processes)),
  };
}
