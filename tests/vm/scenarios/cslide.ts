import { readdirSync, readFileSync } from "node:fs";
import type { Target } from "../../tools/fixtures/target.ts";
import { PAGE_BYTES, scannedMappings } from "../guest/address_space.ts";
import {
  BASE,
  DRAM,
  EIGHTH,
  faultsOfRounds,
  hotOnDram,
  HUGETLB,
  type Kind,
  misplaced,
  movesOf,
  nodesOfTarget,
  SLOW,
  startOn,
  stopUnharmed,
  THP,
  unitsByNode,
  UNREACHABLE_RESERVE_MB,
} from "../guest/cslide_trial.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { kernelActivity, reclaimedBytes } from "../guest/machine.ts";
import type { Server } from "../guest/server.ts";
import { MIB } from "../guest/slide_trial.ts";
import {
  cslideConfig,
  dramRoom,
  HUGE_BYTES,
  leaveOnDram,
  poolFree,
  poolSizes,
  runRounds,
  setPools,
} from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

/** Hot memory of the slow node goes to DRAM, cold memory stays. */
function promotion(kind: Kind, sizeBytes: number): Scenario {
  return {
    name: `cslide_${kind.name}_promotes_hot`,
    deadlineSeconds: 300,
    async run() {
      const pools = setPools(40, sizeBytes / HUGE_BYTES + 4);
      using target = await startOn(SLOW, kind, sizeBytes, EIGHTH);
      demandNone(misplaced(target, kind, () => 2));
      const before = unitsByNode(target, kind);
      const { server, status } = await runRounds(
        cslideConfig({ vm: target.pid }, { node_hot_reserve: UNREACHABLE_RESERVE_MB }, kind.task),
        "vm",
        2,
      );
      note({ before, after: unitsByNode(target, kind), rounds: movesOf(status) });
      demandNone(misplaced(target, kind, hotOnDram));
      demandNone(faultsOfRounds(status, 1024 * MIB));
      demand(status.rounds.every((round) => round.skipped.length === 0), "processes were skipped");
      await checkTaskPages(server, target, kind);
      demandNone(boundThreads(server.pid));
      await stopUnharmed(server, pools, [target]);
    },
  };
}

/**
 * Threads of a process that may not run on all CPUs: those that moved pages have to be put back.
 */
function boundThreads(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, "utf8");
    const cpus = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
    return cpus === "0-1" ? [] : [`thread ${tid} is bound to CPU ${cpus}`];
  });
}

/** Where the areas of `anon_only` begin, which are those that slide scans. */
function anonymousStarts(pid: number): Set<number> {
  return new Set(scannedMappings(pid).map(({ start }) => start));
}

/** Bytes of a process by node, of the memory that its task is about (numa_maps). */
function numaMaps(pid: number, kind: Kind): Map<number, number> {
  const byNode = new Map<number, number>();
  const starts = anonymousStarts(pid);
  for (const line of readFileSync(`/proc/${pid}/numa_maps`, "utf8").split("\n")) {
    const start = Number.parseInt(line, 16);
    const isOurs = kind === HUGETLB
      ? / huge /.test(line)
      : starts.has(start) && !/ huge /.test(line);
    if (!isOurs) continue;
    const size = Number(/kernelpagesize_kB=(\d+)/.exec(line)?.[1] ?? 4) * 1024;
    for (const [, node, pages] of line.matchAll(/\bN(\d+)=(\d+)/g)) {
      byNode.set(Number(node), (byNode.get(Number(node)) ?? 0) + Number(pages) * size);
    }
  }
  return byNode;
}

/** Bytes of a process, of the memory that its task is about (smaps). */
function smaps(pid: number, kind: Kind): number {
  const starts = anonymousStarts(pid);
  const vmas = readFileSync(`/proc/${pid}/smaps`, "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const kb = (vma: string, name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(vma)?.[1]);
  return vmas.reduce((sum, vma) => {
    const isAnonymous = starts.has(Number.parseInt(vma, 16));
    if (kind === HUGETLB) {
      return sum +
        (vma.includes(" ht ")
          ? (kb(vma, "Private_Hugetlb") + kb(vma, "Shared_Hugetlb")) * 1024
          : 0);
    }
    return sum + (isAnonymous ? kb(vma, "Rss") * 1024 : 0);
  }, 0);
}

/** showtaskpages as a table and as a document: what the kernel says, within a page. */
async function checkTaskPages(server: Server, target: Target, kind: Kind): Promise<void> {
  const command = ["engine", "showtaskpages", "-n", "vm", "-e", "cslide", "-t", "vm"];
  const table = await server.etmem(...command);
  const document = JSON.parse(await server.etmem(...command, "--json")) as {
    task: string;
    processes: {
      pid: number;
      nodes: { node: number; used_bytes: number; hot_bytes: number; cold_bytes: number }[];
    }[];
  };
  const [process, ...others] = document.processes;
  demand(document.task === "vm" && others.length === 0, JSON.stringify(document));
  demand(process?.pid === target.pid, JSON.stringify(document));
  const rows = process.nodes.map((row) =>
    [row.node, row.used_bytes, row.hot_bytes, row.cold_bytes]
      .map((value, i) => String(i === 0 ? value : value / 1024).padStart(i === 0 ? 5 : 10)).join(
        " ",
      )
  );
  const wanted = [
    `] task ${target.pid} pages info (KB):`,
    " node       used        hot       cold",
    ...rows,
    "",
  ].join("\n");
  demand(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] task /.test(table), table);
  demand(table.endsWith(wanted), `${table} is not ${wanted}`);

  const kernel = numaMaps(target.pid, kind);
  note({ showtaskpages: process.nodes, numaMaps: [...kernel], smaps: smaps(target.pid, kind) });
  for (const node of [0, 1, 2, 3]) {
    const row = process.nodes.find((one) => one.node === node);
    const used = row?.used_bytes ?? 0;
    const bytes = kernel.get(node) ?? 0;
    demand(
      Math.abs(used - bytes) <= PAGE_BYTES,
      `node ${node}: showtaskpages ${used}, numa_maps ${bytes}`,
    );
    demand(
      used === (row?.hot_bytes ?? 0) + (row?.cold_bytes ?? 0),
      `node ${node}: used is not hot and cold`,
    );
  }
  const total = process.nodes.reduce((sum, row) => sum + row.used_bytes, 0);
  const rss = smaps(target.pid, kind);
  demand(Math.abs(total - rss) <= PAGE_BYTES, `showtaskpages ${total}, smaps ${rss}`);
}

/** DRAM is full of another task's cold pages: they leave for hot ones of the slow node. */
function exchange(kind: Kind, sizes: { cold: number; hot: number; quotaMb: number }): Scenario {
  return {
    name: `cslide_${kind.name}_exchanges_with_cold_of_another_task`,
    deadlineSeconds: 300,
    async run() {
      if (kind === HUGETLB) setPools(24, 100);
      using cold = await startOn(DRAM, kind, sizes.cold, "none");
      using hot = await startOn(SLOW, kind, sizes.hot, EIGHTH);
      let pools = "";
      const before = { cold: unitsByNode(cold, kind), hot: unitsByNode(hot, kind) };
      const reclaimed = kernelActivity()["pgscan_kswapd"];
      const { server, status } = await runRounds(
        cslideConfig({ hot: hot.pid, cold: cold.pid }, {
          node_hot_reserve: UNREACHABLE_RESERVE_MB,
          node_mig_quota: sizes.quotaMb,
        }, kind.task),
        "hot",
        3,
        () => {
          if (kind !== HUGETLB) leaveOnDram(2 * MIB);
          pools = poolSizes();
          demandNone([...misplaced(cold, kind, () => 0), ...misplaced(hot, kind, () => 2)]);
        },
      );
      const after = { cold: unitsByNode(cold, kind), hot: unitsByNode(hot, kind) };
      const rounds = movesOf(status);
      note({ before, after, rounds, reclaimed, kernel: kernelActivity() });
      demandNone(misplaced(hot, kind, hotOnDram));
      demandNone(faultsOfRounds(status, sizes.quotaMb * MIB));
      demandNone(faultsOfRounds(await server.task("cold"), sizes.quotaMb * MIB));
      demand(
        status.rounds.some((r) =>
          (r.node_pairs ?? []).some((p) => p.up_quota_used_bytes > p.up_hot_bytes + p.up_cold_bytes)
        ),
        `nothing was charged twice: ${JSON.stringify(rounds)}`,
      );
      await stopUnharmed(server, pools, [hot, cold]);
    },
  };
}

/** With no reserve the rest of the slow node goes to what is free on DRAM, and no further. */
function prefetch(kinds: readonly Kind[], sizeBytes: number, freeBytes: number): Scenario {
  const isHugetlb = kinds.includes(HUGETLB);
  return {
    name: `cslide_${kinds.map(({ name }) => name).join("_")}_promotes_the_rest_into_free_memory`,
    deadlineSeconds: 300,
    async run() {
      if (isHugetlb) setPools(freeBytes / HUGE_BYTES, sizeBytes / HUGE_BYTES + 20);
      using stack = new DisposableStack();
      const targets = await Promise.all(
        kinds.map((kind) => startOn(SLOW, kind, sizeBytes, EIGHTH)),
      );
      for (const target of targets) stack.use(target);
      let pools = "";
      let room = 0;
      let reclaimed = 0;
      const where = (): object[] =>
        targets.map((target, i) => unitsByNode(target, kinds[i] ?? BASE));
      const before = where();
      const tasks = Object.fromEntries(targets.map(({ pid }, i) => [`vm${i}`, pid]));
      const { server, status } = await runRounds(
        cslideConfig(tasks, { node_hot_reserve: 0 }, kinds[0]?.task ?? {}),
        "vm0",
        2,
        () => {
          if (!isHugetlb) leaveOnDram(freeBytes);
          pools = poolSizes();
          room = dramRoom();
          reclaimed = reclaimedBytes();
        },
      );
      reclaimed = reclaimedBytes() - reclaimed;
      note({
        before,
        after: where(),
        room,
        reclaimed,
        roomThen: dramRoom(),
        rounds: movesOf(status),
      });
      let onDram = 0;
      for (const [i, kind] of kinds.entries()) {
        const target = targets[i];
        demand(target !== undefined, "there is no target");
        const nodes = nodesOfTarget(target, kind);
        onDram += nodes.filter((node) => node === 0).length * kind.looked;
        const left = nodes.filter((node, at) =>
          Math.floor((at * kind.looked) / kind.unit) % 8 === 0 && node !== 0
        );
        demand(left.length === 0, `${left.length} hot pages of ${kind.name} were left`);
      }
      if (isHugetlb) demand(onDram === freeBytes, `${onDram} bytes are on node 0`);
      else {
        // what programs have meanwhile is not free
        demand(onDram > room - 16 * MIB, `${onDram} bytes are on node 0, where ${room} were free`);
        demand(
          onDram < room + reclaimed + 16 * MIB,
          `${onDram} bytes are on node 0, where ${room} were free and ${reclaimed} were reclaimed`,
        );
      }
      demand(onDram < kinds.length * sizeBytes, "all of it is on node 0");
      await stopUnharmed(server, pools, targets);
    },
  };
}

const reserve: Scenario = {
  name: "cslide_frees_the_reserve",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(40, 60);
    using target = await startOn(DRAM, HUGETLB, 76 * MIB, EIGHTH);
    const before = unitsByNode(target, HUGETLB);
    const { server, status } = await runRounds(
      cslideConfig({ vm: target.pid }, { node_hot_reserve: 40 }, HUGETLB.task),
      "vm",
      2,
    );
    note({ before, after: unitsByNode(target, HUGETLB), rounds: movesOf(status) });
    demand(poolFree(0) === 20, `${poolFree(0)} huge pages are free on node 0`);
    const left = nodesOfTarget(target, HUGETLB).filter((node, i) => i % 8 === 0 && node !== 0);
    demand(left.length === 0, `${left.length} hot pages left DRAM`);
    await stopUnharmed(server, pools, [target]);
  },
};

const noRoom: Scenario = {
  name: "cslide_says_why_it_cannot_exchange",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(23, 41);
    // a target's mapping is one huge page longer than its area, which stays reserved
    using cold = await startOn(DRAM, HUGETLB, 44 * MIB, "none");
    using hot = await startOn(SLOW, HUGETLB, 80 * MIB, EIGHTH);
    const { server, status } = await runRounds(
      cslideConfig({ hot: hot.pid, cold: cold.pid }, { node_hot_reserve: 0 }, HUGETLB.task),
      "hot",
      2,
    );
    note({ rounds: movesOf(status) });
    const reasons = status.rounds.flatMap((r) => (r.node_pairs ?? []).flatMap((p) => p.hot_left));
    demand(reasons.some(({ reason }) => reason.includes("no free page")), JSON.stringify(reasons));
    await stopUnharmed(server, pools, [hot, cold]);
  },
};

export const cslide: readonly Scenario[] = [
  promotion(HUGETLB, 400 * MIB),
  promotion(BASE, 96 * MIB),
  promotion(THP, 96 * MIB),
  exchange(HUGETLB, { cold: 44 * MIB, hot: 160 * MIB, quotaMb: 24 }),
  exchange(BASE, { cold: 40 * MIB, hot: 96 * MIB, quotaMb: 28 }),
  exchange(THP, { cold: 40 * MIB, hot: 96 * MIB, quotaMb: 28 }),
  prefetch([HUGETLB], 80 * MIB, 60 * MIB),
  prefetch([BASE, THP], 64 * MIB, 48 * MIB),
  reserve,
  noRoom,
];
