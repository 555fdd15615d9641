import type { TaskStatus } from "../../../src/status/task_status.ts";
import type { Target, TargetOptions } from "../../tools/fixtures/target.ts";
import { PAGE_BYTES } from "./address_space.ts";
import { demand } from "./demand.ts";
import type { Server } from "./server.ts";
import { startTarget } from "./slide_trial.ts";
import { HUGE_BYTES, nodesOf, poolSizes } from "./slow_memory.ts";

export const SLOW = ["numactl", "--membind=2"];
export const DRAM = ["numactl", "--membind=0"];
/** More than DRAM can have free, so that nothing but hot memory goes there. */
export const UNREACHABLE_RESERVE_MB = 4096;

/** Memory in units of one kind, and the task that is about it. */
export interface Kind {
  readonly name: string;
  /** Bytes of what is hot or cold as a whole. */
  readonly unit: number;
  /** Bytes of what has to be looked at one by one: a huge page may have been split. */
  readonly looked: number;
  readonly target: { readonly huge?: boolean; readonly hugetlb?: boolean };
  readonly task: Readonly<Record<string, string>>;
}

export const HUGETLB: Kind = {
  name: "hugetlb",
  unit: HUGE_BYTES,
  looked: HUGE_BYTES,
  target: { hugetlb: true },
  task: { vm_flags: "ht" },
};
export const THP: Kind = {
  name: "thp",
  unit: HUGE_BYTES,
  looked: PAGE_BYTES,
  target: { huge: true },
  task: { anon_only: "yes" },
};
export const BASE: Kind = {
  name: "base",
  unit: PAGE_BYTES,
  looked: PAGE_BYTES,
  target: {},
  task: { anon_only: "yes" },
};

/** Of the units, which are hot when every eighth is. */
const EVERY = 8;
export const EIGHTH = `every:${EVERY}` as const;
export const ALL = "every:1";

/** Where a unit belongs when nothing but hot memory is moved. */
export const hotOnDram = (unit: number): number => (unit % EVERY === 0 ? 0 : 2);

/** Starts a target whose memory is on a node, of which some units are hot. */
export function startOn(
  node: readonly string[],
  kind: Kind,
  sizeBytes: number,
  hot: NonNullable<TargetOptions["hot"]>,
  options: Partial<TargetOptions> = {},
): Promise<Target> {
  return startTarget({
    sizeBytes,
    unitBytes: kind.unit,
    write: true,
    hot,
    ...kind.target,
    ...options,
  }, node);
}

/** The node of everything that is looked at, in the order of addresses. */
export function nodesOfTarget(target: Target, kind: Kind): number[] {
  return target.processes().flatMap(({ pid, start, sizeBytes }) =>
    Array.from(nodesOf(pid, start, sizeBytes, kind.looked))
  );
}

/** How many units of a target are where they should not be. */
export function misplaced(
  target: Target,
  kind: Kind,
  wanted: (unit: number) => number,
): string[] {
  const nodes = nodesOfTarget(target, kind);
  const wrong = nodes.flatMap((node, i) => {
    const unit = Math.floor((i * kind.looked) / kind.unit);
    return node === wanted(unit) ? [] : [`unit ${unit} on ${node}`];
  });
  return wrong.length === 0
    ? []
    : [`${wrong.length} of ${nodes.length} pages are elsewhere, ${wrong[0]}`];
}

/** Units of a target by node, to be noted. */
export function unitsByNode(target: Target, kind: Kind): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of nodesOfTarget(target, kind)) {
    counts[`node${node}`] = (counts[`node${node}`] ?? 0) + kind.looked / kind.unit;
  }
  return counts;
}

/** What every round must keep to, whatever it does. */
export function faultsOfRounds(task: TaskStatus, quotaBytes: number): string[] {
  return task.rounds.filter(({ state }) => state !== "running").flatMap((round) => {
    const refused = round.refused.reduce((sum, { bytes }) => sum + bytes, 0);
    const faults: string[] = [];
    if (round.asked_bytes !== round.moved_bytes + refused) {
      faults.push(`round ${round.number}: asked is not moved and refused`);
    }
    for (const pair of round.node_pairs ?? []) {
      const up = pair.up_hot_bytes + pair.up_cold_bytes;
      const down = pair.down_hot_bytes + pair.down_cold_bytes;
      // what goes down in exchange is charged to both ways
      if (Math.max(up, down, pair.up_quota_used_bytes, pair.down_quota_used_bytes) > quotaBytes) {
        faults.push(`round ${round.number}: more than the quota`);
      }
    }
    return faults;
  });
}

/** What moved between the first pair of nodes in each round, oldest first, in MiB, to be noted. */
export function movesOf(task: TaskStatus): object[] {
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20 * 100) / 100;
  return task.rounds.toReversed().map(({ number, phases, refused, node_pairs: [pair] = [] }) => ({
    number,
    upHot: mib(pair?.up_hot_bytes ?? 0),
    upCold: mib(pair?.up_cold_bytes ?? 0),
    down: mib((pair?.down_hot_bytes ?? 0) + (pair?.down_cold_bytes ?? 0)),
    upQuota: mib(pair?.up_quota_used_bytes ?? 0),
    downQuota: mib(pair?.down_quota_used_bytes ?? 0),
    refused,
    moveMs: Math.round(phases.move_us / 1000),
  }));
}

/** Stops the project: the pools have the sizes that they had, and the targets what they wrote. */
export async function stopUnharmed(
  server: Server,
  pools: string,
  targets: readonly Target[],
): Promise<void> {
  await server.etmem("project", "stop", "-n", "vm");
  demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
  for (const target of targets) {
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  }
}
