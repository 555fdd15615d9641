import type {
  HostPagesDocument,
  TaskPagesDocument,
} from "../../../src/engine/cslide/show_pages.ts";
import {
  ALL,
  BASE,
  DRAM,
  faultsOfRounds,
  HUGETLB,
  type Kind,
  misplaced,
  movesOf,
  SLOW,
  startOn,
  stopUnharmed,
  THP,
  unitsByNode,
  UNREACHABLE_RESERVE_MB,
} from "../guest/cslide_trial.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import type { Server } from "../guest/server.ts";
import { MIB } from "../guest/slide_trial.ts";
import { cslideConfig, runRounds, setPools } from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

const SHARED = 32 * MIB;
const QUOTA_MB = 48;
/** What each process has for itself. */
const OWN = 2 * MIB;

/** A parent and its children that all have the same pages. */
const SHARING = { children: 2, share: true, write: false };

/** Every process has all of it, the node has it once. */
async function checkPages(server: Server): Promise<void> {
  const ask = (...command: string[]): Promise<string> =>
    server.etmem("engine", ...command, "-n", "vm", "-e", "cslide", "--json");
  const task = JSON.parse(await ask("showtaskpages", "-t", "shared")) as TaskPagesDocument;
  const host = JSON.parse(await ask("showhostpages")) as HostPagesDocument;
  note({ task, host });
  demand(task.processes.length === 3, `${task.processes.length} processes`);
  for (const { pid, nodes } of task.processes) {
    const hot = nodes.find(({ node }) => node === 0)?.hot_bytes ?? 0;
    demand(hot >= SHARED && hot < SHARED + OWN, `process ${pid} has ${hot} hot bytes on node 0`);
  }
  const hot = host.nodes.find(({ node }) => node === 0)?.hot_bytes ?? 0;
  demand(hot >= SHARED && hot < SHARED + 3 * OWN, `node 0 has ${hot} hot bytes`);
}

/**
 * Memory that one process leaves alone and others use is hot: it stays on DRAM in each round,
 * for all of them.
 */
function staysHot(kind: Kind, tracker: string): Scenario {
  return {
    name: `cslide_${tracker}_keeps_${kind.name}_pages_on_dram_that_one_of_their_processes_uses`,
    deadlineSeconds: 300,
    async run() {
      const pools = kind === HUGETLB ? setPools(20, 20) : setPools(0, 0);
      using target = await startOn(DRAM, kind, SHARED, ALL, SHARING);
      const idle = target.processes().at(-1)?.pid;
      demand(idle !== undefined, "the target has no processes");
      process.kill(idle, "SIGSTOP");
      demandNone(misplaced(target, kind, () => 0));
      const { server, status } = await runRounds(
        cslideConfig(
          { shared: target.pid },
          {
            node_hot_reserve: UNREACHABLE_RESERVE_MB,
            node_mig_quota: QUOTA_MB,
          },
          kind.task,
          { tracker },
        ),
        "shared",
        4,
      );
      note({ after: unitsByNode(target, kind), rounds: movesOf(status) });
      demandNone([...misplaced(target, kind, () => 0), ...faultsOfRounds(status, QUOTA_MB * MIB)]);
      for (const { number, moved_bytes: moved } of status.rounds) {
        demand(moved < 3 * OWN, `${moved} bytes moved in round ${number}`);
      }
      await checkPages(server);
      process.kill(idle, "SIGCONT");
      await stopUnharmed(server, pools, [target]);
    },
  };
}

/** What three processes have costs quota once when it moves, and has moved for all of them. */
const chargedOnce: Scenario = {
  name: "cslide_charges_shared_pages_to_the_quota_once",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(0, 0);
    using target = await startOn(SLOW, BASE, SHARED, ALL, SHARING);
    const { server, status } = await runRounds(
      cslideConfig({ shared: target.pid }, {
        node_hot_reserve: UNREACHABLE_RESERVE_MB,
        node_mig_quota: QUOTA_MB,
      }, BASE.task),
      "shared",
      2,
    );
    note({ after: unitsByNode(target, BASE), rounds: movesOf(status) });
    demandNone([...misplaced(target, BASE, () => 0), ...faultsOfRounds(status, QUOTA_MB * MIB)]);
    const first = status.rounds.find(({ number }) => number === 1);
    const charged = first?.node_pairs?.[0]?.up_quota_used_bytes ?? 0;
    demand(charged >= SHARED && charged < SHARED + 3 * OWN, `${charged} bytes were charged`);
    demandNone((first?.refused ?? []).map(({ reason, bytes }) => `${bytes} bytes: ${reason}`));
    await checkPages(server);
    await stopUnharmed(server, pools, [target]);
  },
};

export const cslideShared: readonly Scenario[] = [
  staysHot(BASE, "idle_pages"),
  staysHot(THP, "idle_pages"),
  staysHot(HUGETLB, "idle_pages"),
  staysHot(BASE, "page_idle"),
  chargedOnce,
];
