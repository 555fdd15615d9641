import { readFileSync } from "node:fs";
import type { TaskStatus } from "../../../src/engine/status.ts";
import type { Target } from "../../fixtures/target.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { MIB, startTarget } from "../guest/slide_trial.ts";
import {
  cslideConfig,
  HUGE_BYTES,
  nodesOf,
  poolFree,
  poolSizes,
  runRounds,
  setPool,
} from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

const SLOW = ["numactl", "--membind=2"];
const DRAM = ["numactl", "--membind=0"];
const EVERY = 8;
/** More than DRAM can have free, so that nothing but hot memory goes there. */
const UNREACHABLE_RESERVE_MB = 4096;
const HUGETLB_TASK = { vm_flags: "ht" };

interface Kind {
  readonly name: string;
  readonly unit: number;
  readonly target: { readonly huge?: boolean; readonly hugetlb?: boolean };
  readonly task: Readonly<Record<string, string>>;
}

const HUGETLB: Kind = {
  name: "hugetlb",
  unit: HUGE_BYTES,
  target: { hugetlb: true },
  task: HUGETLB_TASK,
};
const THP: Kind = { name: "thp", unit: HUGE_BYTES, target: { huge: true }, task: {} };
const BASE: Kind = { name: "base", unit: PAGE_BYTES, target: {}, task: {} };

function startOn(
  node: readonly string[],
  kind: Kind,
  sizeBytes: number,
  hot: boolean,
): Promise<Target> {
  return startTarget({
    sizeBytes,
    unitBytes: kind.unit,
    write: true,
    ...(hot ? { hot: `every:${EVERY}` as const } : {}),
    ...kind.target,
  }, node);
}

/** How many units of a target are where they should not be. */
function misplaced(target: Target, kind: Kind, wanted: (unit: number) => number): string[] {
  return target.processes().flatMap(({ pid, start, sizeBytes }) => {
    const nodes = nodesOf(pid, start, sizeBytes, kind.unit);
    const wrong = Array.from(nodes.entries()).filter(([i, node]) => node !== wanted(i));
    return wrong.length === 0 ? [] : [
      `${wrong.length} of ${nodes.length} units are elsewhere, unit ${wrong[0]?.[0]} on ${
        wrong[0]?.[1]
      }`,
    ];
  });
}

const hotOnDram = (unit: number): number => (unit % EVERY === 0 ? 0 : 2);

/** What every round must keep to, whatever it does. */
function faultsOfRounds(task: TaskStatus, quotaBytes: number): string[] {
  return task.rounds.flatMap((round) => {
    const refused = round.refused.reduce((sum, { bytes }) => sum + bytes, 0);
    const faults: string[] = [];
    if (round.asked_bytes !== round.moved_bytes + refused) {
      faults.push(`round ${round.number}: asked is not moved and refused`);
    }
    for (const pair of round.node_pairs ?? []) {
      const up = pair.up_hot_bytes + pair.up_cold_bytes;
      const down = pair.down_hot_bytes + pair.down_cold_bytes;
      if (Math.max(up, down, pair.up_quota_used_bytes, pair.down_quota_used_bytes) > quotaBytes) {
        faults.push(`round ${round.number}: more than the quota`);
      }
    }
    return faults;
  });
}

/** Hot memory of the slow node goes to DRAM, cold memory stays. */
function promotion(kind: Kind, sizeBytes: number): Scenario {
  return {
    name: `cslide_${kind.name}_promotes_hot`,
    deadlineSeconds: 300,
    async run() {
      setPool(0, 40);
      setPool(2, sizeBytes / HUGE_BYTES + 4);
      const pools = poolSizes();
      using target = await startOn(SLOW, kind, sizeBytes, true);
      demandNone(misplaced(target, kind, () => 2));
      const engine = { node_hot_reserve: UNREACHABLE_RESERVE_MB };
      const { server, status } = await runRounds(
        cslideConfig({ vm: target.pid }, engine, kind.task),
        "vm",
        2,
      );
      note({ rounds: status.rounds });
      demandNone(misplaced(target, kind, hotOnDram));
      demandNone(faultsOfRounds(status, 1024 * MIB));
      demand(status.rounds.every((round) => round.skipped.length === 0), "processes were skipped");
      await checkTables(server, target, kind);
      await server.etmem("project", "stop", "-n", "vm");
      demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
      demand(await target.verify() === 0, "contents are wrong");
    },
  };
}

interface Client {
  client(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }>;
  etmem(...args: string[]): Promise<string>;
}

/** Bytes of a process by node, of the memory that the task is about (numa_maps). */
function numaMaps(pid: number, hugetlb: boolean): Map<number, number> {
  const byNode = new Map<number, number>();
  for (const line of readFileSync(`/proc/${pid}/numa_maps`, "utf8").split("\n")) {
    const isAnonymous = /\banon=|\bheap\b|\bstack\b/.test(line);
    if (hugetlb ? !/\bhuge\b/.test(line) : !isAnonymous) continue;
    const size = Number(/kernelpagesize_kB=(\d+)/.exec(line)?.[1] ?? 4) * 1024;
    for (const [, node, pages] of line.matchAll(/\bN(\d+)=(\d+)/g)) {
      byNode.set(Number(node), (byNode.get(Number(node)) ?? 0) + Number(pages) * size);
    }
  }
  return byNode;
}

/** showtaskpages and showhostpages on a started project, as tables and as documents. */
async function checkTables(server: Client, target: Target, kind: Kind): Promise<void> {
  const engine = ["-n", "vm", "-e", "cslide"];
  const table = await server.etmem("engine", "showtaskpages", ...engine, "-t", "vm");
  demand(/^\[.*\] task \d+ pages info \(KB\):\n node +used +hot +cold\n/.test(table), table);
  const host = await server.etmem("engine", "showhostpages", ...engine);
  demand(/^\[.*\] host pages info \(KB\):\n node +total +used +hot +cold\n/.test(host), host);
  const document = JSON.parse(
    await server.etmem("engine", "showtaskpages", ...engine, "-t", "vm", "--json"),
  ) as { processes: { pid: number; nodes: { node: number; used_bytes: number }[] }[] };
  const process = document.processes.find(({ pid }) => pid === target.pid);
  for (const [node, bytes] of numaMaps(target.pid, kind === HUGETLB)) {
    const used = process?.nodes.find((one) => one.node === node)?.used_bytes ?? 0;
    // what the program's own files hold is in numa_maps and may come and go
    const slack = kind === HUGETLB ? 0 : 16 * PAGE_BYTES;
    demand(
      Math.abs(used - bytes) <= slack,
      `node ${node}: showtaskpages ${used}, numa_maps ${bytes}`,
    );
  }
}

const exchange: Scenario = {
  name: "cslide_exchanges_with_cold_of_another_task",
  deadlineSeconds: 300,
  async run() {
    setPool(0, 24);
    setPool(2, 100);
    const pools = poolSizes();
    using cold = await startOn(DRAM, HUGETLB, 44 * MIB, false);
    using hot = await startOn(SLOW, HUGETLB, 160 * MIB, true);
    demandNone(misplaced(cold, HUGETLB, () => 0));
    const quotaMb = 24;
    const { server, status } = await runRounds(
      cslideConfig({ hot: hot.pid, cold: cold.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
        node_mig_quota: quotaMb,
      }, HUGETLB_TASK),
      "hot",
      3,
    );
    note({ rounds: status.rounds });
    demandNone(misplaced(hot, HUGETLB, hotOnDram));
    demandNone(faultsOfRounds(status, quotaMb * MIB));
    demand(
      status.rounds.some((r) =>
        (r.node_pairs ?? []).some((p) => p.up_quota_used_bytes > p.up_hot_bytes + p.up_cold_bytes)
      ),
      "nothing was charged twice",
    );
    await server.etmem("project", "stop", "-n", "vm");
    demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
    demand(await hot.verify() + await cold.verify() === 0, "contents are wrong");
  },
};

const prefetch: Scenario = {
  name: "cslide_promotes_the_rest_into_free_memory",
  deadlineSeconds: 300,
  async run() {
    setPool(0, 30);
    setPool(2, 60);
    using target = await startOn(SLOW, HUGETLB, 80 * MIB, true);
    const { server } = await runRounds(
      cslideConfig({ vm: target.pid }, { node_hot_reserve: 0 }, HUGETLB_TASK),
      "vm",
      2,
    );
    const [area] = target.processes();
    const nodes = nodesOf(target.pid, area?.start ?? 0, area?.sizeBytes ?? 0, HUGE_BYTES);
    demand(
      nodes.filter((node) => node === 0).length === 30,
      `on node 0: ${nodes.filter((n) => n === 0).length}`,
    );
    demand(nodes.every((node, i) => i % EVERY !== 0 || node === 0), "a hot page was left");
    await server.etmem("project", "stop", "-n", "vm");
    demand(await target.verify() === 0, "contents are wrong");
  },
};

const reserve: Scenario = {
  name: "cslide_frees_the_reserve",
  deadlineSeconds: 300,
  async run() {
    setPool(0, 40);
    setPool(2, 60);
    const pools = poolSizes();
    using target = await startOn(DRAM, HUGETLB, 76 * MIB, true);
    const { server, status } = await runRounds(
      cslideConfig({ vm: target.pid }, { node_hot_reserve: 40 }, HUGETLB_TASK),
      "vm",
      2,
    );
    note({ rounds: status.rounds });
    demand(poolFree(0) * HUGE_BYTES >= 40 * MIB, `${poolFree(0)} huge pages are free on node 0`);
    const [area] = target.processes();
    const nodes = nodesOf(target.pid, area?.start ?? 0, area?.sizeBytes ?? 0, HUGE_BYTES);
    demand(nodes.every((node, i) => i % EVERY !== 0 || node === 0), "a hot page left DRAM");
    await server.etmem("project", "stop", "-n", "vm");
    demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
    demand(await target.verify() === 0, "contents are wrong");
  },
};

const noRoom: Scenario = {
  name: "cslide_says_why_it_cannot_exchange",
  deadlineSeconds: 300,
  async run() {
    setPool(0, 23);
    setPool(2, 41);
    const pools = poolSizes();
    // a target's mapping is one huge page longer than its area, which stays reserved
    using cold = await startOn(DRAM, HUGETLB, 44 * MIB, false);
    using hot = await startOn(SLOW, HUGETLB, 80 * MIB, true);
    const { server, status } = await runRounds(
      cslideConfig({ hot: hot.pid, cold: cold.pid }, { node_hot_reserve: 0 }, HUGETLB_TASK),
      "hot",
      2,
    );
    note({ rounds: status.rounds });
    const reasons = status.rounds.flatMap((r) => (r.node_pairs ?? []).flatMap((p) => p.hot_left));
    demand(reasons.some(({ reason }) => reason.includes("no free page")), JSON.stringify(reasons));
    demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
    await server.etmem("project", "stop", "-n", "vm");
    demand(await hot.verify() + await cold.verify() === 0, "contents are wrong");
  },
};

const goneMidRound: Scenario = {
  name: "cslide_outlives_a_target_and_answers_clearly",
  deadlineSeconds: 300,
  async run() {
    setPool(0, 40);
    setPool(2, 90);
    using stays = await startOn(SLOW, HUGETLB, 64 * MIB, true);
    using goes = await startOn(SLOW, HUGETLB, 64 * MIB, true);
    const { server } = await runRounds(
      cslideConfig({ stays: stays.pid, goes: goes.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
      }, HUGETLB_TASK),
      "stays",
      1,
    );
    await goes.command("exit");
    await goes.exited;
    await server.untilRounds("stays", 3);
    demandNone(misplaced(stays, HUGETLB, hotOnDram));
    const engine = ["-n", "vm", "-e", "cslide"];
    const unknownTask = await server.client("engine", "showtaskpages", ...engine, "-t", "nobody");
    demand(
      unknownTask.status === 1 && unknownTask.stderr.includes("task is not exist"),
      unknownTask.stderr,
    );
    const unknownCommand = await server.client("engine", "showall", ...engine);
    demand(
      unknownCommand.status === 1 && unknownCommand.stderr.includes("showall"),
      unknownCommand.stderr,
    );
    await server.etmem("project", "stop", "-n", "vm");
    for (const command of [["showtaskpages", "-t", "stays"], ["showhostpages"]]) {
      const stopped = await server.client("engine", ...command, ...engine);
      demand(stopped.status === 1 && stopped.stderr.includes("start"), stopped.stderr);
    }
    demand(await stays.verify() === 0, "contents are wrong");
  },
};

export const cslide: readonly Scenario[] = [
  promotion(HUGETLB, 400 * MIB),
  promotion(BASE, 96 * MIB),
  promotion(THP, 96 * MIB),
  exchange,
  prefetch,
  reserve,
  noRoom,
  goneMidRound,
];
