import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import {
  ALL,
  BASE,
  faultsOfRounds,
  HUGETLB,
  misplaced,
  movesOf,
  nodesOfTarget,
  SLOW,
  startOn,
  stopUnharmed,
  unitsByNode,
  UNREACHABLE_RESERVE_MB,
} from "../guest/cslide_trial.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { BIN } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { MIB } from "../guest/slide_trial.ts";
import {
  cslideConfig,
  nodesOf,
  poolFree,
  poolSizes,
  runRounds,
  setPools,
  tasksOf,
} from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

/**
 * Two tasks that are just as hot have shares of a quota by their size,
 * a cooler one has what they leave.
 */
const shares: Scenario = {
  name: "cslide_tasks_share_the_quota_by_heat",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(64, 62);
    using small = await startOn(SLOW, HUGETLB, 32 * MIB, ALL);
    using large = await startOn(SLOW, HUGETLB, 64 * MIB, ALL);
    // used in one of three scans, seldom in two
    using cooler = await startOn(SLOW, HUGETLB, 16 * MIB, ALL, { pauseMs: 4000 });
    const quotaMb = 48;
    const { server, status } = await runRounds(
      cslideConfig({ small: small.pid, cooler: cooler.pid, large: large.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
        node_mig_quota: quotaMb,
      }, HUGETLB.task),
      "small",
      2,
    );
    const upBy = async (task: string): Promise<number[]> =>
      (await server.task(task)).rounds.filter(({ number }) => number <= 2).toReversed()
        .map(({ node_pairs: [pair] = [] }) => (pair?.up_hot_bytes ?? 0) / MIB);
    const up = {
      small: await upBy("small"),
      large: await upBy("large"),
      cooler: await upBy("cooler"),
    };
    note({ up, rounds: movesOf(status) });
    demandNone(faultsOfRounds(status, quotaMb * MIB));
    // from the first round on, which all tasks of the project have together
    for (const [i, sum] of [16, 32, 0].entries()) {
      const ups = [up.small, up.large, up.cooler][i] ?? [];
      demand(
        ups.length === 2 && ups.every((one) => Math.abs(one - sum) <= 2),
        `task ${i} moved ${ups.join()} MiB in its rounds`,
      );
    }
    demand(up.cooler.every((one) => one === 0), `the cooler task moved ${up.cooler.join()} MiB`);
    await waitFor("the cooler pages to move", () => {
      return misplaced(cooler, HUGETLB, () => 0).length === 0;
    });
    for (const target of [small, large, cooler]) demandNone(misplaced(target, HUGETLB, () => 0));
    await stopUnharmed(server, pools, [small, large, cooler]);
  },
};

/**
 * A process is killed while its pages move, and then the project is stopped while those of another
 * do: the round ends at once and says so. The next start does the rest.
 */
const interrupted: Scenario = {
  name: "cslide_move_is_interrupted",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(170, 165);
    using stays = await startOn(SLOW, HUGETLB, 320 * MIB, ALL);
    using goes = await startOn(SLOW, BASE, 128 * MIB, ALL);
    const [area] = goes.processes();
    demand(area !== undefined, "the target has no area");
    const server = await Server.start();
    await server.add([
      ...cslideConfig({ goes: goes.pid }, { node_hot_reserve: UNREACHABLE_RESERVE_MB }, BASE.task),
      ...tasksOf(cslideConfig({ stays: stays.pid }, {}, HUGETLB.task)),
    ]);
    await server.etmem("project", "start", "-n", "vm");

    // base pages are moved first: of equally hot units the smaller are the hotter
    await waitFor(
      "the first page to move",
      () => nodesOf(area.pid, area.start, PAGE_BYTES, PAGE_BYTES)[0] === 0,
      { firstPauseMs: 2 },
    );
    goes[Symbol.dispose]();
    await goes.exited;
    await waitFor("huge pages to move", () => poolFree(0) < 160, { firstPauseMs: 2 });
    const asked = performance.now();
    const answers = await server.ask({ command: "project_stop", project: "vm" });
    const stopMs = performance.now() - asked;
    const placed = nodesOfTarget(stays, HUGETLB);
    demand(JSON.stringify(answers).includes('"ok":true'), JSON.stringify(answers));
    const status = await waitFor("the round to end", async () => {
      const task = await server.task("stays");
      return task.rounds[0]?.state === "stopped" && task;
    });
    const gone = await server.task("goes");
    const onDram = placed.filter((node) => node === 0).length;
    note({ stopMs, onDram, stays: movesOf(status), goes: movesOf(gone) });
    demand(onDram > 0 && onDram < 160, `${onDram} huge pages had moved at the stop`);
    demand(
      nodesOfTarget(stays, HUGETLB).join() === placed.join(),
      "pages have moved after the stop was answered",
    );
    demandNone([...faultsOfRounds(status, 1024 * MIB), ...faultsOfRounds(gone, 1024 * MIB)]);
    const refusedOf = (task: typeof status): string[] =>
      task.rounds.flatMap(({ refused }) => refused.map(({ reason }) => reason));
    demand(refusedOf(status).join() === "stopped", `stays: ${refusedOf(status).join()}`);
    // Pages that were not used stand behind the huge pages: the stop came before their turn.
    const reasons = new Set(refusedOf(gone));
    reasons.delete("stopped");
    demand([...reasons].join() === "process gone", `goes: ${refusedOf(gone).join()}`);

    await server.etmem("project", "start", "-n", "vm");
    const again = await server.untilRounds("stays", 1);
    note({ after: unitsByNode(stays, HUGETLB), again: movesOf(again) });
    demandNone(misplaced(stays, HUGETLB, () => 0));
    await stopUnharmed(server, pools, [stays]);
  },
};

const CGROUPS = "/sys/fs/cgroup";

/** The hottest process may not have its memory on DRAM: the quota is for the others. */
const bound: Scenario = {
  name: "cslide_leaves_the_quota_of_what_a_cpuset_binds_to_others",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(0, 0);
    const group = `${CGROUPS}/only_slow`;
    writeFileSync(`${CGROUPS}/cgroup.subtree_control`, "+cpuset");
    mkdirSync(group);
    writeFileSync(`${group}/cpuset.mems`, "2");
    using held = await startOn(SLOW, BASE, 64 * MIB, ALL);
    writeFileSync(`${group}/cgroup.procs`, String(held.pid));
    // used in one of three scans, seldom in two
    using cooler = await startOn(SLOW, BASE, 16 * MIB, ALL, { pauseMs: 4000 });
    const { server } = await runRounds(
      cslideConfig({ held: held.pid, cooler: cooler.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
        node_mig_quota: 16,
      }, BASE.task),
      "held",
      1,
    );
    await waitFor("the cooler pages to move", () => {
      return misplaced(cooler, BASE, () => 0).length === 0;
    });
    const status = { held: await server.task("held"), cooler: await server.task("cooler") };
    note({ held: movesOf(status.held), cooler: movesOf(status.cooler) });
    demandNone([
      ...misplaced(held, BASE, () => 2),
      ...faultsOfRounds(status.held, 16 * MIB),
      ...faultsOfRounds(status.cooler, 16 * MIB),
    ]);
    for (const { number, state, asked_bytes: asked, spared } of status.held.rounds) {
      if (state !== "done") continue;
      const bytes = spared.find(({ reason }) => reason === "its cpuset does not allow node 0")
        ?.bytes;
      demand(asked === 0, `round ${number} asked for ${asked} bytes`);
      demand((bytes ?? 0) >= 64 * MIB, `round ${number} spared ${JSON.stringify(spared)}`);
    }
    await stopUnharmed(server, pools, [held, cooler]);
    held[Symbol.dispose]();
    await held.exited;
    rmdirSync(group);
  },
};

/** The hottest process has bound its memory to the slow node (numactl --membind). */
const policy: Scenario = {
  name: "cslide_leaves_memory_where_its_process_has_bound_it",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(0, 0);
    using held = await startOn(SLOW, BASE, 64 * MIB, ALL, { bound: true });
    using other = await startOn(SLOW, BASE, 16 * MIB, ALL);
    const { server } = await runRounds(
      cslideConfig({ held: held.pid, other: other.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
      }, BASE.task),
      "held",
      2,
    );
    await waitFor("the other pages to move", () => misplaced(other, BASE, () => 0).length === 0);
    const status = { held: await server.task("held"), other: await server.task("other") };
    note({ held: movesOf(status.held), other: movesOf(status.other) });
    demandNone([
      ...misplaced(held, BASE, () => 2),
      ...faultsOfRounds(status.held, 1024 * MIB),
      ...faultsOfRounds(status.other, 1024 * MIB),
    ]);
    for (const { number, state, asked_bytes: asked, spared } of status.held.rounds) {
      if (state !== "done") continue;
      const bytes = spared.find(({ reason }) => reason === "its memory policy does not name node 0")
        ?.bytes;
      demand(asked === 0, `round ${number} asked for ${asked} bytes`);
      demand((bytes ?? 0) >= 64 * MIB, `round ${number} spared ${JSON.stringify(spared)}`);
    }
    await stopUnharmed(server, pools, [held, other]);
  },
};

const REUSED_PID = 400;

/**
 * A process that gets the pid of a task's process stays where it is
 * until the project is started anew.
 */
const replaced: Scenario = {
  name: "cslide_target_replaced",
  deadlineSeconds: 300,
  async run() {
    const pools = poolSizes();
    writeFileSync("/proc/sys/kernel/pid_max", "600");
    const through = [`${BIN}/take_pid`, String(REUSED_PID), "/usr/bin/env", ...SLOW];
    const first = await startOn(through, BASE, 16 * MIB, ALL);
    demand(first.pid === REUSED_PID, `the target has pid ${first.pid}`);
    const server = await Server.start();
    const reserve = { node_hot_reserve: UNREACHABLE_RESERVE_MB };
    await server.add(cslideConfig({ web: REUSED_PID }, reserve, BASE.task));
    await server.etmem("project", "start", "-n", "vm");
    await waitFor("the first scan", async () => {
      return (await server.task("web")).rounds.some((round) => round.phases.scan_us > 0);
    });
    first[Symbol.dispose]();
    await first.exited;
    using second = await startOn(through, BASE, 16 * MIB, ALL);
    demand(second.pid === REUSED_PID, `the second target has pid ${second.pid}`);

    const reason = "the pid is another process now";
    await waitFor("three rounds to leave it alone", async () => {
      const { rounds } = await server.task("web");
      const isLeft = rounds.filter(({ state, skipped }) =>
        state === "done" && skipped.some((entry) => entry.reason === reason)
      );
      return isLeft.length >= 3;
    }, { seconds: 120 });
    demandNone(misplaced(second, BASE, () => 2));
    const show = (...command: string[]): Promise<string> =>
      server.etmem("engine", ...command, "-n", "vm", "-e", "cslide");
    const pages = await show("showtaskpages", "-t", "web");
    demand(pages === `no pages of task web: ${reason}\n`, pages);
    const host = await show("showhostpages", "--json");
    const { nodes } = JSON.parse(host) as { nodes: { hot_bytes: number; cold_bytes: number }[] };
    demand(nodes.every((node) => node.hot_bytes === 0 && node.cold_bytes === 0), host);

    await server.etmem("project", "stop", "-n", "vm");
    await server.etmem("project", "start", "-n", "vm");
    await waitFor("its pages to move", () => misplaced(second, BASE, () => 0).length === 0);
    await stopUnharmed(server, pools, [second]);
  },
};

export const cslideTasks: readonly Scenario[] = [shares, interrupted, bound, policy, replaced];
