import type { NodePairStatus, RoundStatus } from "../status/round_status.ts";
import { bytesByReason } from "./by_reason.ts";
import { gauge, type Metric, type Sample } from "./family.ts";

/** What is said of the pairs of nodes of a round of cslide. */
export const NODE_PAIR_METRICS: readonly Metric<RoundStatus>[] = [
  gauge(
    "etmem_task_round_node_moved_bytes",
    "Last round of cslide: moved to DRAM (up) and to the slow node (down).",
    ofPairs((pair) => [
      { labels: { direction: "up", heat: "hot" }, value: pair.up_hot_bytes },
      { labels: { direction: "up", heat: "cold" }, value: pair.up_cold_bytes },
      { labels: { direction: "down", heat: "hot" }, value: pair.down_hot_bytes },
      { labels: { direction: "down", heat: "cold" }, value: pair.down_cold_bytes },
    ]),
  ),
  gauge(
    "etmem_task_round_node_quota_used_bytes",
    "Last round of cslide: what all tasks of the engine used of node_mig_quota.",
    ofPairs((pair) => [
      { labels: { direction: "up" }, value: pair.up_quota_used_bytes },
      { labels: { direction: "down" }, value: pair.down_quota_used_bytes },
    ]),
  ),
  gauge(
    "etmem_task_round_node_hot_left_bytes",
    "Last round of cslide: hot memory of all tasks that stays on the slow node, by reason.",
    ofPairs(({ hot_left: left }) => bytesByReason(left)),
  ),
  gauge(
    "etmem_task_round_node_reserve_short_bytes",
    "Last round of cslide: what is missing of node_hot_reserve, by reason.",
    ofPairs(({ reserve_short: short }) => bytesByReason(short)),
  ),
];

/** A figure of each pair of a round. */
function ofPairs(
  figure: (pair: NodePairStatus) => readonly Sample[],
): (round: RoundStatus) => readonly Sample[] {
  return ({ node_pairs: pairs = [] }) =>
    pairs.flatMap((pair) => {
      const nodes = { slow_node: String(pair.slow_node), dram_node: String(pair.dram_node) };
      return figure(pair).map(({ labels, value }) => ({ labels: { ...nodes, ...labels }, value }));
    });
}
