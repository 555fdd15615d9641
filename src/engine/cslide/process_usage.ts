import type { ProcessMoves } from "./move_pair.ts";
import type { DecidedPair } from "./node_pairs.ts";
import type { NodePages } from "./show_pages.ts";
import type { NodeUsage } from "./node_usage.ts";

/** What a plan has found on a node, as it is shown. */
export function toNodePages({ node, hotBytes, coldBytes }: NodeUsage): NodePages {
  return { node, usedBytes: hotBytes + coldBytes, hotBytes, coldBytes };
}

/** Where the memory of a process is: as a plan has found it, and changed by each move. */
export class ProcessUsage {
  readonly #byNode: Map<number, NodePages>;

  constructor(found: readonly NodeUsage[]) {
    this.#byNode = new Map(found.map((one) => [one.node, toNodePages(one)]));
  }

  /** Takes note of what moved between the nodes of a pair. */
  move({ slow, dram }: DecidedPair, moves: ProcessMoves): void {
    const hot = moves.upHot - moves.downHot;
    const cold = moves.upCold - moves.downCold;
    if (hot === 0 && cold === 0) return;
    this.#add(dram, hot, cold);
    this.#add(slow, -hot, -cold);
  }

  #add(node: number, hot: number, cold: number): void {
    const known = this.#byNode.get(node) ?? { node, usedBytes: 0, hotBytes: 0, coldBytes: 0 };
    this.#byNode.set(node, {
      node,
      usedBytes: known.usedBytes + hot + cold,
      hotBytes: known.hotBytes + hot,
      coldBytes: known.coldBytes + cold,
    });
  }

  /** By node, the lowest first. */
  get nodes(): NodePages[] {
    return [...this.#byNode.values()].sort((a, b) => a.node - b.node);
  }
}
