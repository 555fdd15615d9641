import {
  barredNodes,
  leaveBarred,
  leaveBound,
  leaveHeld,
  leaveRepeated,
  type Repeated,
  type SparedBytes,
} from "./left_alone.ts";
import { type LocatedPages, NO_NODE } from "./located_pages.ts";
import { type PoolFree, UNIT_CLASSES } from "./memory_pools.ts";
import { type NodeUsage, usageOf } from "./node_usage.ts";
import { dramPlace, NOWHERE, type PageClass, slowPlace } from "./page_buckets.ts";
import type { PairAccount, PairLimits } from "./pair_planner.ts";
import { mapStep, type PairStep } from "./pair_step.ts";
import { type PageList, planMoves } from "./plan_moves.ts";
import { SharedUnits } from "./shared_units.ts";
import { UnitRows } from "./unit_rows.ts";
import type { Reason } from "../../reason/reasons.ts";

/** What a round has found, for all processes of the engine's tasks. */
export interface PlanRequest {
  readonly limits: PairLimits;
  readonly pairs: readonly { readonly slow: number; readonly dram: number }[];
  /** Per pair, by POOL. */
  readonly free: readonly (readonly Readonly<PoolFree>[])[];
  /** One a process. */
  readonly tables: readonly LocatedPages[];
  /** Page numbers of the units of each process that are to be left alone, ascending. */
  readonly held: readonly Float64Array<ArrayBuffer>[];
}

/** Units of one process and size that go the same way. */
export interface MoveList {
  /** Index of the process. */
  readonly process: number;
  readonly unitBytes: number;
  readonly pool: number;
  readonly hot: boolean;
  readonly page: Float64Array<ArrayBuffer>;
}

/** What to do, and what was found where. */
export interface PlanReply extends Repeated {
  /** In the order of the pairs. */
  readonly pairs: readonly {
    readonly steps: readonly PairStep<MoveList>[];
    readonly account: PairAccount;
  }[];
  /** In the order of the processes: all that each has, whether others have it too or not. */
  readonly usage: readonly (readonly NodeUsage[])[];
  /** What of it is on nodes of the pairs and left alone: bytes by reason. */
  readonly spared: readonly ReadonlyMap<Reason, number>[];
}

/** Pages of one size of all processes, and where each comes from. */
interface SourcedClass extends PageClass {
  /** Of each process, in their order. */
  readonly rows: readonly UnitRows[];
  /** Index of the first page of each process, and behind the last one the number of pages. */
  readonly starts: readonly number[];
}

/** The place of each node. */
function placesOf(pairs: PlanRequest["pairs"]): Uint8Array {
  const places = new Uint8Array(NO_NODE + 1).fill(NOWHERE);
  for (const [i, { slow, dram }] of pairs.entries()) {
    places[slow] = slowPlace(i);
    places[dram] = dramPlace(i);
  }
  return places;
}

/** Collects the units of one class from the tables of all processes. */
function collect(
  { unit, pageBytes, pool }: (typeof UNIT_CLASSES)[number],
  tables: readonly LocatedPages[],
  places: Uint8Array,
): SourcedClass {
  let pages = 0;
  const rows = tables.map(({ kind }) => new UnitRows(kind, unit));
  const starts = rows.map(({ count }) => {
    const start = pages;
    pages += count;
    return start;
  });
  starts.push(pages);
  const heat = new Uint8Array(pages);
  const place = new Uint8Array(pages);
  let at = 0;
  for (const table of tables) {
    for (let i = 0; i < table.kind.length; i++) {
      if (table.kind[i] !== unit) continue;
      heat[at] = table.heat[i]!;
      place[at] = places[table.node[i]!]!;
      at++;
    }
  }
  return { pageBytes, pool, heat, place, rows, starts };
}

/** Splits a list of the plan by process. */
function toMoveLists(
  list: PageList,
  classes: readonly SourcedClass[],
  tables: readonly LocatedPages[],
  hotThreshold: number,
): MoveList[] {
  const { pageBytes, pool, rows, starts } = classes[list.classIndex]!;
  const lists: MoveList[] = [];
  let process = 0;
  for (let i = 0; i < list.pages.length;) {
    while (starts[process + 1]! <= list.pages[i]!) process++;
    const first = i;
    while (i < list.pages.length && list.pages[i]! < starts[process + 1]!) i++;
    const [{ page }, start] = [tables[process]!, starts[process]!];
    const rowOf = rows[process]!.reader();
    lists.push({
      process,
      unitBytes: pageBytes,
      pool,
      hot: list.heat >= hotThreshold,
      page: Float64Array.from(
        list.pages.subarray(first, i),
        (index) => page[rowOf(index - start)]!,
      ),
    });
  }
  return lists;
}

/** Plans what moves between the nodes of each pair, and sums up what is where. */
export function planRound(request: PlanRequest): PlanReply {
  const { limits, tables, pairs, free, held } = request;
  const places = placesOf(pairs);
  const barred = tables.map((table) => barredNodes(table, pairs));
  // A process that may have its memory on both nodes of a pair owns what it shares with one that
  // may not.
  const shared = new SharedUnits(
    tables,
    [...tables.keys()].sort((a, b) => barred[a]!.size - barred[b]!.size),
  );
  shared.shareHeat();
  const usage = tables.map((table) => usageOf(table, limits.hotThreshold));
  const spared = tables.map((): SparedBytes => new Map());
  const repeated = leaveRepeated(shared, tables, places, limits.hotThreshold, spared);
  for (const [i, table] of tables.entries()) {
    leaveHeld(table, held[i]!, spared[i]!);
    leaveBarred(table, barred[i]!, spared[i]!);
    leaveBound(table, pairs, spared[i]!);
  }
  const classes = UNIT_CLASSES.map((unitClass) => collect(unitClass, tables, places));
  const lists = (list: PageList): MoveList[] =>
    toMoveLists(list, classes, tables, limits.hotThreshold);
  return {
    pairs: planMoves({ ...limits, classes, pairs: free }).map(({ steps, account }) => ({
      steps: steps.map((step) => mapStep(step, lists)),
      account,
    })),
    usage,
    ...repeated,
    spared,
  };
}
