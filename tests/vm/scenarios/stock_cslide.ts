import type { Target } from "../../tools/fixtures/target.ts";
import {
  BASE,
  DRAM,
  EIGHTH,
  faultsOfRounds,
  hotOnDram,
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
import { isStockKernel } from "../guest/machine.ts";
import { MIB } from "../guest/slide_trial.ts";
import { cslideConfig, dramRoom, poolSizes, runRounds } from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

const KINDS = [BASE, THP] as const;
const SIZES = { base: 48 * MIB, thp: 64 * MIB };
/** Of each direction: more than there is to move. */
const QUOTA_BYTES = 1024 * MIB;

/**
 * A process of base pages and one of huge pages, both on `from`, an eighth of each in use: after
 * the rounds what is in use is on DRAM, and the rest is not.
 * @param reserveMb asked when the targets have their memory.
 */
function placesByUse(what: string, from: readonly string[], reserveMb: () => number): Scenario {
  return {
    name: `cslide_stock_page_table_${what}`,
    deadlineSeconds: 300,
    async run() {
      demand(isStockKernel(), "this kernel has the etmem interface");
      using base = await startOn(from, BASE, SIZES.base, EIGHTH);
      using thp = await startOn(from, THP, SIZES.thp, EIGHTH);
      const targets: readonly Target[] = [base, thp];
      const pools = poolSizes();
      const places = (): object[] => targets.map((target, i) => unitsByNode(target, KINDS[i]!));
      const before = places();
      const groups = cslideConfig(
        { base: base.pid, thp: thp.pid },
        { node_hot_reserve: reserveMb() },
        BASE.task,
        { tracker: "page_table" },
      );
      const { server, status } = await runRounds(groups, "base", 3);
      await server.untilRounds("thp", 3);
      const tasks = { base: status, thp: await server.task("thp") };
      note({ before, after: places(), base: movesOf(tasks.base), thp: movesOf(tasks.thp) });
      demandNone(targets.flatMap((target, i) => misplaced(target, KINDS[i]!, hotOnDram)));
      for (const [name, task] of Object.entries(tasks)) {
        demand(task.tracker === "page_table", `${name}: the tracker is ${task.tracker}`);
        demandNone(faultsOfRounds(task, QUOTA_BYTES));
        demand(task.rounds.every(({ skipped }) => skipped.length === 0), `${name} was skipped`);
      }
      await stopUnharmed(server, pools, targets);
    },
  };
}

/** On a kernel that has neither idle_pages nor, as distributions have it, page_idle. */
export const stockCslide: readonly Scenario[] = [
  placesByUse("promotes_hot", SLOW, () => UNREACHABLE_RESERVE_MB),
  // More than the cold pages can free, so that all of them have to leave.
  placesByUse("demotes_cold", DRAM, () => Math.ceil(dramRoom() / MIB) + 150),
];
