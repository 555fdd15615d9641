import type { NodePair } from "../../config/engines/cslide.ts";
import type { NumaNode } from "../../procfs/nodes.ts";
import { EngineRefusal } from "../engine.ts";
import { MAX_PAIRS } from "./page_buckets.ts";
import { because } from "../../reason/reasons.ts";

/** A pair of node_pair with its roles decided. */
export interface DecidedPair {
  readonly slow: number;
  readonly dram: number;
  /** One line for the log: which node was taken as which, and why. */
  readonly reason: string;
  /** CPUs that the thread which moves this pair's pages should run on. */
  readonly cpus: readonly number[];
}

/** The largest distance there is: no way between two nodes (ACPI SLIT). */
const UNREACHABLE = 255;

function ids(nodes: readonly NumaNode[]): string {
  return nodes.map((node) => node.id).join(", ");
}

/** @throws {EngineRefusal} where cslide has nothing to move memory between. */
function requireTwoNodes(nodes: readonly NumaNode[]): void {
  const withMemory = nodes.filter((node) => node.hasMemory);
  if (withMemory.length >= 2) return;
  const found = withMemory.length === 0
    ? "this machine has no NUMA node with memory"
    : `this machine has one NUMA node with memory, node ${ids(withMemory)}`;
  throw new EngineRefusal(because("no_node_pair", found));
}

/** The nodes of a pair, in its order. @throws {EngineRefusal} when it cannot be a pair. */
function nodesOf(
  pair: NodePair,
  nodes: readonly NumaNode[],
  used: ReadonlySet<number>,
): [NumaNode, NumaNode] {
  const refuse = (state: string): EngineRefusal =>
    new EngineRefusal(`Cannot use node_pair "${pair.join(",")}": ${state}`);
  const find = (id: number): NumaNode => {
    const node = nodes.find((one) => one.id === id);
    if (node === undefined) {
      throw refuse(`there is no online node ${id}, the online nodes are ${ids(nodes)}`);
    }
    if (!node.hasMemory) {
      const withMemory = nodes.filter((one) => one.hasMemory);
      throw refuse(`node ${id} has no memory, the nodes with memory are ${ids(withMemory)}`);
    }
    if (used.has(id)) {
      throw refuse(`node ${id} is in an earlier pair, a node can be in one pair only`);
    }
    return node;
  };
  const [first, second] = pair;
  if (first === second) throw refuse(`it names node ${first} twice, a pair is two different nodes`);
  return [find(first), find(second)];
}

/** Why the machine holds `node` for slower than `other`; undefined when it does not. */
function slownessOf(node: NumaNode, other: NumaNode): string | undefined {
  if (node.cpus.length === 0 && other.cpus.length > 0) {
    return `node ${node.id} has no CPU and node ${other.id} has`;
  }
  if (node.tier !== undefined && other.tier !== undefined && node.tier > other.tier) {
    return `node ${node.id} is in memory tier ${node.tier}, slower than tier ${other.tier} of node ${other.id}`;
  }
  return undefined;
}

/** CPUs of the DRAM node; where it has none, those of the node that is nearest to both. */
function movingCpus(slow: NumaNode, dram: NumaNode, nodes: readonly NumaNode[]): readonly number[] {
  if (dram.cpus.length > 0) return dram.cpus;
  const distance = (node: NumaNode): number =>
    (node.distances.get(slow.id) ?? UNREACHABLE) + (node.distances.get(dram.id) ?? UNREACHABLE);
  const [nearest] = nodes
    .filter((node) => node.cpus.length > 0)
    .sort((a, b) => distance(a) - distance(b));
  return nearest?.cpus ?? [];
}

function decidePair(first: NumaNode, second: NumaNode, nodes: readonly NumaNode[]): DecidedPair {
  const firstIsSlow = slownessOf(first, second);
  const secondIsSlow = slownessOf(second, first);
  const isTurned = secondIsSlow !== undefined && firstIsSlow === undefined;
  const [slow, dram] = isTurned ? [second, first] : [first, second];
  const why = firstIsSlow !== undefined && secondIsSlow !== undefined
    ? `the order of the file: ${firstIsSlow}, but ${secondIsSlow}`
    : firstIsSlow ?? secondIsSlow ?? "the order of the file: the machine does not tell them apart";
  return {
    slow: slow.id,
    dram: dram.id,
    reason: `node_pair ${first.id},${second.id}: node ${slow.id} is the slow node and ` +
      `node ${dram.id} is DRAM (${why})`,
    cpus: movingCpus(slow, dram, nodes),
  };
}

/**
 * Decides which node of each pair is the slow one. Where the machine shows exactly one of them to
 * be slower (it has no CPU, or is in a lower memory tier), that one is; otherwise the first one is,
 * as the configuration has it.
 * @param nodes the machine's online nodes.
 * @throws {EngineRefusal} when a pair is impossible here, or the machine has nothing to pair.
 */
export function decideNodePairs(
  pairs: readonly NodePair[],
  nodes: readonly NumaNode[],
): DecidedPair[] {
  requireTwoNodes(nodes);
  if (pairs.length > MAX_PAIRS) {
    throw new EngineRefusal(
      `Cannot use node_pair with ${pairs.length} pairs: at most ${MAX_PAIRS} are supported`,
    );
  }
  const used = new Set<number>();
  return pairs.map((pair) => {
    const [first, second] = nodesOf(pair, nodes, used);
    used.add(first.id).add(second.id);
    return decidePair(first, second, nodes);
  });
}
