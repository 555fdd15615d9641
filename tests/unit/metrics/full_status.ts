import type { NodePairStatus, RoundStatus } from "../../../src/status/round_status.ts";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import { SAMPLE_ROUND, SAMPLE_STATUS } from "../cli/sample_status.ts";

const PAIR: NodePairStatus = {
  slow_node: 2,
  dram_node: 0,
  up_hot_bytes: 1,
  up_cold_bytes: 2,
  down_hot_bytes: 3,
  down_cold_bytes: 4,
  up_quota_used_bytes: 5,
  down_quota_used_bytes: 6,
  hot_left: [{ reason: "node_mig_quota used up", bytes: 7 }],
  reserve_short: [{ reason: "no cold memory of these tasks on DRAM", bytes: 8 }],
};

/** Its newest round runs, the one before has ended, with something of everything. */
const ROUNDS: readonly RoundStatus[] = [
  { ...SAMPLE_ROUND, number: 14, state: "running" },
  {
    ...SAMPLE_ROUND,
    late_us: 9,
    left_alone: [{ reason: "program code and files", bytes: 10 }],
    guard: {
      stall_limit_percent: 0.1,
      harm_percent: 0.05,
      age_scans: 4,
      age_seconds: 240,
      swap_in_us: 7.5,
      paused_processes: 1,
      unguarded_processes: 2,
    },
    node_pairs: [PAIR, { ...structuredClone(PAIR), slow_node: 3, dram_node: 1 }],
  },
];

/**
 * A status in which every figure that there can be is there, in one task each.
 */
export function fullStatus(): ServerStatus {
  const status = structuredClone(SAMPLE_STATUS);
  status.server.held_workers = 1;
  status.swap = {
    total_bytes: 1,
    free_bytes: 2,
    kernel_swap_enable: true,
    store_bytes: 3,
    areas: [{
      path: "/dev/zram0",
      kind: "zram",
      priority: 100,
      total_bytes: 4,
      used_bytes: 5,
      zram: { algorithm: "lzo", stored_bytes: 6, store_bytes: 7, limit_bytes: 8 },
    }],
    zswap: {
      enabled: true,
      compressor: "lzo",
      max_pool_percent: 20,
      stored_bytes: 9,
      store_bytes: 10,
    },
  };
  const project = status.projects[0]!;
  const slide = project.engines.find(({ kind }) => kind === "slide")!;
  slide.tasks[0]!.rounds = structuredClone([...ROUNDS]);
  return { ...status, projects: [{ ...project, engines: [slide] }] };
}
