import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { type LocatedPages, NO_NODE } from "./located_pages.ts";
import { UNIT_CLASSES } from "./memory_pools.ts";

/** Memory of one process on one node. */
export interface NodeUsage {
  readonly node: number;
  readonly hotBytes: number;
  readonly coldBytes: number;
  /** The part of `hotBytes` that is in units larger than a base page. */
  readonly hotHugeBytes: number;
}

/** Sums up the memory of a process by node. */
export class UsageSum {
  readonly #byNode = new Map<number, { -readonly [key in keyof NodeUsage]: NodeUsage[key] }>();
  readonly #hotThreshold: number;

  constructor(hotThreshold: number) {
    this.#hotThreshold = hotThreshold;
  }

  /** Adds a unit, unless it is on no node. */
  add(table: LocatedPages, i: number): void {
    const node = table.node[i]!;
    if (node === NO_NODE) return;
    let usage = this.#byNode.get(node);
    if (usage === undefined) {
      usage = { node, hotBytes: 0, coldBytes: 0, hotHugeBytes: 0 };
      this.#byNode.set(node, usage);
    }
    const { pageBytes } = UNIT_CLASSES[table.kind[i]!]!;
    if (table.heat[i]! < this.#hotThreshold) {
      usage.coldBytes += pageBytes;
    } else {
      usage.hotBytes += pageBytes;
      if (pageBytes > PAGE_SIZE) usage.hotHugeBytes += pageBytes;
    }
  }

  /** Ascending by node. */
  get usage(): NodeUsage[] {
    return [...this.#byNode.values()].sort((a, b) => a.node - b.node);
  }
}

/** What a process has on each node, ascending by node. */
export function usageOf(table: LocatedPages, hotThreshold: number): NodeUsage[] {
  const sum = new UsageSum(hotThreshold);
  for (let i = 0; i < table.kind.length; i++) sum.add(table, i);
  return sum.usage;
}
