import { expect, test } from "bun:test";
import { noteMoves, pairStatus } from "../../../../src/engine/cslide/pair_status.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const PAIR = { slow: 2, dram: 0, cpus: [], reason: "" };

test("pairStatus() names what stood in the way, and noteMoves() adds what moved", () => {
  const record = new RoundRecord(1);
  record.status.node_pairs = [pairStatus(PAIR, {
    upQuotaUsedBytes: 8,
    downQuotaUsedBytes: 4,
    hotLeftBytes: { quota: 0, noColdPages: 2, noFreeMemory: 0 },
    reserveShortBytes: { quota: 0, noColdPages: 0, slowNodeFull: 1 },
  })];
  const moves = {
    asked: 10,
    upHot: 4,
    upCold: 3,
    downHot: 1,
    downCold: 1,
    refused: new Map([["busy" as Reason, 1]]),
    stuck: [],
    errors: ["one"],
  };
  noteMoves(record, 0, moves);
  noteMoves(record, 0, moves);
  expect(record.status).toMatchObject({
    asked_bytes: 20,
    moved_bytes: 18,
    refused: [{ reason: "busy", bytes: 2 }],
    scan_errors: 2,
    node_pairs: [{
      slow_node: 2,
      dram_node: 0,
      up_hot_bytes: 8,
      up_cold_bytes: 6,
      down_hot_bytes: 2,
      down_cold_bytes: 2,
      up_quota_used_bytes: 8,
      down_quota_used_bytes: 4,
      hot_left: [{ reason: "no cold memory of these tasks on DRAM to exchange", bytes: 2 }],
      reserve_short: [{ reason: "the slow node is full", bytes: 1 }],
    }],
  });
});
