import type { MemoryByReason } from "../../status/round_figures.ts";
import type { NodePairStatus } from "../../status/round_status.ts";
import type { RoundRecord } from "../round/round_record.ts";
import type { ProcessMoves } from "./move_pair.ts";
import type { DecidedPair } from "./node_pairs.ts";
import type { PairAccount } from "./pair_planner.ts";
import { because, type Reason } from "../../reason/reasons.ts";

function byReason(
  reasons: Readonly<Record<string, readonly [why: Reason, bytes: number]>>,
): MemoryByReason[] {
  return Object.values(reasons)
    .filter(([, bytes]) => bytes > 0)
    .map(([why, bytes]) => ({ reason: why, bytes }));
}

/** What was planned for a pair of nodes; nothing has moved yet. */
export function pairStatus(pair: DecidedPair, account: PairAccount): NodePairStatus {
  const { hotLeftBytes, reserveShortBytes } = account;
  return {
    slow_node: pair.slow,
    dram_node: pair.dram,
    up_hot_bytes: 0,
    up_cold_bytes: 0,
    down_hot_bytes: 0,
    down_cold_bytes: 0,
    up_quota_used_bytes: account.upQuotaUsedBytes,
    down_quota_used_bytes: account.downQuotaUsedBytes,
    hot_left: byReason({
      quota: [because("quota_used"), hotLeftBytes.quota],
      noColdPages: [because("nothing_to_exchange"), hotLeftBytes.noColdPages],
      noFreeMemory: [because("no_exchange_page"), hotLeftBytes.noFreeMemory],
    }),
    reserve_short: byReason({
      quota: [because("quota_used"), reserveShortBytes.quota],
      noColdPages: [because("no_cold_on_dram"), reserveShortBytes.noColdPages],
      slowNodeFull: [because("slow_node_full"), reserveShortBytes.slowNodeFull],
    }),
  };
}

/** All that moved of a process, in bytes. */
export function movedBytes({ upHot, upCold, downHot, downCold }: ProcessMoves): number {
  return upHot + upCold + downHot + downCold;
}

/** Adds to a round what moved of a process. @param pair index of the pair of nodes. */
export function noteMoves(record: RoundRecord, pair: number, moves: ProcessMoves): void {
  record.addFigures({
    asked_bytes: moves.asked,
    moved_bytes: movedBytes(moves),
    freed_bytes: moves.downHot + moves.downCold,
    refused: moves.refused,
    scan_errors: moves.errors.length,
  });
  const flow = record.status.node_pairs![pair]!;
  flow.up_hot_bytes += moves.upHot;
  flow.up_cold_bytes += moves.upCold;
  flow.down_hot_bytes += moves.downHot;
  flow.down_cold_bytes += moves.downCold;
}
