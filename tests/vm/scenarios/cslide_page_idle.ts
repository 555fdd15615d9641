import { MovePagesBatch, MPOL_MF_MOVE_ALL } from "../../../ffi/move_pages.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
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
} from "../guest/cslide_trial.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { type Groups, Server } from "../guest/server.ts";
import { MIB } from "../guest/slide_trial.ts";
import { cslideConfig, dramRoom, runRounds, setPools, tasksOf } from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

/**
 * On a kernel without idle_pages: base and huge pages are judged by page_idle, which takes pages
 * that were moved for used; hugetlb memory, which it cannot see, is left alone.
 */
const pageIdle: Scenario = {
  name: "cslide_page_idle_frees_the_reserve_and_keeps_it",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(10, 12);
    using base = await startOn(DRAM, BASE, 48 * MIB, EIGHTH);
    using thp = await startOn(DRAM, THP, 64 * MIB, EIGHTH);
    using hugetlb = await startOn(SLOW, HUGETLB, 16 * MIB, EIGHTH);
    const before = { base: unitsByNode(base, BASE), thp: unitsByNode(thp, THP) };
    const server = await Server.start();
    const configOf = (tasks: Readonly<Record<string, number>>, kind: Kind): Groups => {
      // more than the cold pages can free: all of them have to leave
      const engine = { node_hot_reserve: Math.ceil(dramRoom() / MIB) + 150 };
      return cslideConfig(tasks, engine, kind.task, { tracker: "page_idle" });
    };
    const refused = configOf({ refused: hugetlb.pid }, HUGETLB);
    await server.add(refused);
    const start = await server.client("project", "start", "-n", "vm");
    demand(
      start.status === 1 && start.stderr.includes("vm_flags=ht: it cannot see hugetlb memory"),
      start.stderr,
    );
    await server.remove(tasksOf(refused));
    await server.add([
      ...tasksOf(configOf({ base: base.pid }, BASE)),
      ...tasksOf(configOf({ thp: thp.pid, hugetlb: hugetlb.pid }, { ...THP, task: {} })),
    ]);
    await server.etmem("project", "start", "-n", "vm");
    await server.untilRounds("base", 4);
    const status = { base: await server.task("base"), thp: await server.task("thp") };
    const after = { base: unitsByNode(base, BASE), thp: unitsByNode(thp, THP) };
    note({ before, after, base: movesOf(status.base), thp: movesOf(status.thp) });
    demandNone([...misplaced(base, BASE, hotOnDram), ...misplaced(thp, THP, hotOnDram)]);
    demandNone([
      ...faultsOfRounds(status.base, 1024 * MIB),
      ...faultsOfRounds(status.thp, 1024 * MIB),
    ]);
    for (const [name, task] of Object.entries(status)) {
      demand(task.tracker === "page_idle", `${name}: the tracker is ${task.tracker}`);
      for (const { number, node_pairs: [pair] = [] } of task.rounds) {
        // of its own program and libraries a few pages may be used now and then
        const up = (pair?.up_hot_bytes ?? 0) + (pair?.up_cold_bytes ?? 0);
        demand(up < MIB, `${name}: ${up} bytes came back in round ${number}`);
      }
    }
    const huge = nodesOfTarget(hugetlb, HUGETLB);
    demand(huge.every((node) => node === 2), `the hugetlb pages are on ${huge.join()}`);
    await stopUnharmed(server, pools, [base, thp, hugetlb]);
  },
};

/** Brings what a target's processes share to a node; what each has for itself stays. */
function bringTo(node: number, target: Target): void {
  const [area] = target.processes();
  demand(area !== undefined, "the target has no area");
  const batch = new MovePagesBatch(area.sizeBytes / PAGE_BYTES);
  for (let i = 0; i < batch.capacity; i++) batch.push(area.start + i * PAGE_BYTES);
  const left = batch.moveTo(area.pid, node, MPOL_MF_MOVE_ALL);
  demand(left === 0, `${left} pages did not move to node ${node}`);
}

/**
 * Memory that was moved for one process has new frames for all that have it:
 * it stays cold for them too.
 */
const sharedPages: Scenario = {
  name: "cslide_page_idle_keeps_shared_memory_where_it_moved",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(0, 0);
    const sharing = { children: 2, share: true, write: false };
    using target = await startOn(SLOW, BASE, 32 * MIB, "none", sharing);
    bringTo(0, target);
    demandNone(misplaced(target, BASE, () => 0));
    // Nothing of theirs is hot, and nothing but what they share is on DRAM.
    for (const { pid } of target.processes()) process.kill(pid, "SIGSTOP");
    const engine = { node_hot_reserve: Math.ceil(dramRoom() / MIB) + 150 };
    const { server, status } = await runRounds(
      cslideConfig({ shared: target.pid }, engine, BASE.task, { tracker: "page_idle" }),
      "shared",
      3,
    );
    note({ after: unitsByNode(target, BASE), rounds: movesOf(status) });
    demandNone(faultsOfRounds(status, 1024 * MIB));
    for (const { number, node_pairs: [pair] = [] } of status.rounds) {
      demand((pair?.up_hot_bytes ?? 0) < MIB, `much came back in round ${number}`);
    }
    demandNone(misplaced(target, BASE, () => 2));
    for (const { pid } of target.processes()) process.kill(pid, "SIGCONT");
    await stopUnharmed(server, pools, [target]);
  },
};

export const cslidePageIdle: readonly Scenario[] = [pageIdle, sharedPages];
