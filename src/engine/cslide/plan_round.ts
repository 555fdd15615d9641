import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { tally } from "../../mover/page_out.ts";
import { type LocatedPages, NO_NODE } from "./located_pages.ts";
import { type PoolFree, UNIT_CLASSES } from "./memory_pools.ts";
import { dramPlace, NOWHERE, type PageClass, slowPlace } from "./page_buckets.ts";
import type { PairAccount, PairLimits } from "./pair_planner.ts";
import { mapStep, type PairStep } from "./pair_step.ts";
import { SharedUnits } from "./shared_units.ts";
import { type PageList, planMoves } from "./policy.ts";

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

/** Memory of one process on one node. */
export interface NodeUsage {
  readonly node: number;
  readonly hotBytes: number;
  readonly coldBytes: number;
  /** Of it, in units larger than a base page. */
  readonly hotHugeBytes: number;
}

/** What to do, and what was found where. */
export interface PlanReply {
  /** In the order of the pairs. */
  readonly pairs: readonly {
    readonly steps: readonly PairStep<MoveList>[];
    readonly account: PairAccount;
  }[];
  /** In the order of the processes: all that each has, also what another has too. */
  readonly usage: readonly (readonly NodeUsage[])[];
  /** Of that, what is another process's in the plan. */
  readonly repeated: readonly (readonly NodeUsage[])[];
  /** The processes whose that is, by index. */
  readonly owners: readonly (readonly number[])[];
  /** Bytes of each process that are on nodes of the pairs and are left alone, by reason. */
  readonly spared: readonly ReadonlyMap<string, number>[];
}

/** Why memory is left alone. */
const SHARED = "shared, and counted already";
const HELD = "kept by the kernel in an earlier round";
const notAllowed = (node: number): string => `its cpuset does not allow node ${node}`;

type Tally = Map<string, number>;

/** Takes what is held off all nodes. */
function takeHeld({ page, kind, node }: LocatedPages, held: Float64Array, spared: Tally): void {
  let next = 0;
  for (let i = 0; i < page.length && next < held.length; i++) {
    while (next < held.length && held[next]! < page[i]!) next++;
    if (held[next] !== page[i] || node[i] === NO_NODE) continue;
    node[i] = NO_NODE;
    tally(spared, HELD, UNIT_CLASSES[kind[i]!]!.pageBytes);
  }
}

/** The nodes that memory of a process may not leave for the other one of the pair, and why. */
function barredNodes(
  { allowedNodes }: LocatedPages,
  pairs: PlanRequest["pairs"],
): Map<number, string> {
  const barred = new Map<number, string>();
  for (const { slow, dram } of allowedNodes === undefined ? [] : pairs) {
    for (const [from, to] of [[slow, dram], [dram, slow]] as const) {
      if (!allowedNodes!.includes(to)) barred.set(from, notAllowed(to));
    }
  }
  return barred;
}

/** Takes what may not go to the other node of its pair off all nodes: it would use up the quota, and stay. */
function takeBarred(
  { kind, node }: LocatedPages,
  barred: ReadonlyMap<number, string>,
  spared: Tally,
): void {
  if (barred.size === 0) return;
  for (let i = 0; i < node.length; i++) {
    const reason = barred.get(node[i]!);
    if (reason === undefined) continue;
    node[i] = NO_NODE;
    tally(spared, reason, UNIT_CLASSES[kind[i]!]!.pageBytes);
  }
}

/** Memory of a process by node while it is summed up. */
class UsageSum {
  readonly #byNode = new Map<
    number,
    { node: number; hotBytes: number; coldBytes: number; hotHugeBytes: number }
  >();
  readonly #hotThreshold: number;

  constructor(hotThreshold: number) {
    this.#hotThreshold = hotThreshold;
  }

  /** Adds a unit, if it is on a node. */
  add(table: LocatedPages, i: number): void {
    const node = table.node[i]!;
    if (node === NO_NODE) return;
    let usage = this.#byNode.get(node);
    if (usage === undefined) {
      usage = { node, hotBytes: 0, coldBytes: 0, hotHugeBytes: 0 };
      this.#byNode.set(node, usage);
    }
    const { pageBytes } = UNIT_CLASSES[table.kind[i]!]!;
    if (table.heat[i]! < this.#hotThreshold) {
      usage.coldBytes += pageBytes;
    } else {
      usage.hotBytes += pageBytes;
      if (pageBytes > PAGE_SIZE) usage.hotHugeBytes += pageBytes;
    }
  }

  /** Ascending by node. */
  get usage(): NodeUsage[] {
    return [...this.#byNode.values()].sort((a, b) => a.node - b.node);
  }
}

/** Pages of one size of all processes, and where each comes from. */
interface SourcedClass extends PageClass {
  readonly page: Float64Array;
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

function collect(
  { unit, pageBytes, pool }: (typeof UNIT_CLASSES)[number],
  tables: readonly LocatedPages[],
  places: Uint8Array,
): SourcedClass {
  let pages = 0;
  const starts = tables.map(({ kind }) => {
    const start = pages;
    for (let i = 0; i < kind.length; i++) if (kind[i] === unit) pages++;
    return start;
  });
  starts.push(pages);
  const heat = new Uint8Array(pages);
  const place = new Uint8Array(pages);
  const page = new Float64Array(pages);
  let at = 0;
  for (const table of tables) {
    for (let i = 0; i < table.kind.length; i++) {
      if (table.kind[i] !== unit) continue;
      heat[at] = table.heat[i]!;
      place[at] = places[table.node[i]!]!;
      page[at] = table.page[i]!;
      at++;
    }
  }
  return { pageBytes, pool, heat, place, page, starts };
}

function usageOf(table: LocatedPages, hotThreshold: number): NodeUsage[] {
  const sum = new UsageSum(hotThreshold);
  for (let i = 0; i < table.kind.length; i++) sum.add(table, i);
  return sum.usage;
}

/** Takes what another process owns off all nodes. @returns what that is, and whose. */
function takeRepeated(
  shared: SharedUnits,
  tables: readonly LocatedPages[],
  places: Uint8Array,
  hotThreshold: number,
  spared: readonly Tally[],
): Pick<PlanReply, "repeated" | "owners"> {
  const sums = tables.map(() => new UsageSum(hotThreshold));
  const owners = tables.map(() => new Set<number>());
  const bytes = new Float64Array(tables.length);
  shared.forEachOwned((process, unit, owner) => {
    const table = tables[process]!;
    const node = table.node[unit]!;
    sums[process]!.add(table, unit);
    owners[process]!.add(owner);
    table.node[unit] = NO_NODE;
    if (places[node] !== NOWHERE) bytes[process]! += UNIT_CLASSES[table.kind[unit]!]!.pageBytes;
  });
  for (const [i, sum] of bytes.entries()) tally(spared[i]!, SHARED, sum);
  return {
    repeated: sums.map(({ usage }) => usage),
    owners: owners.map((processes) => Array.from(processes)),
  };
}

/** Splits a list of the policy by process. */
function toMoveLists(
  list: PageList,
  classes: readonly SourcedClass[],
  hotThreshold: number,
): MoveList[] {
  const { pageBytes, pool, page, starts } = classes[list.classIndex]!;
  const lists: MoveList[] = [];
  let process = 0;
  for (let i = 0; i < list.pages.length;) {
    while (starts[process + 1]! <= list.pages[i]!) process++;
    const first = i;
    while (i < list.pages.length && list.pages[i]! < starts[process + 1]!) i++;
    lists.push({
      process,
      unitBytes: pageBytes,
      pool,
      hot: list.heat >= hotThreshold,
      page: Float64Array.from(list.pages.subarray(first, i), (index) => page[index]!),
    });
  }
  return lists;
}

/** Plans what moves between the nodes of each pair, and sums up what is where. */
export function planRound(request: PlanRequest): PlanReply {
  const { limits, tables, pairs, free, held } = request;
  const places = placesOf(pairs);
  const barred = tables.map((table) => barredNodes(table, pairs));
  // What is bound to a node for one process may be moved for another.
  const shared = new SharedUnits(
    tables,
    [...tables.keys()].sort((a, b) => barred[a]!.size - barred[b]!.size),
  );
  shared.shareHeat();
  const usage = tables.map((table) => usageOf(table, limits.hotThreshold));
  const spared = tables.map((): Tally => new Map());
  const repeated = takeRepeated(shared, tables, places, limits.hotThreshold, spared);
  for (const [i, table] of tables.entries()) {
    takeHeld(table, held[i]!, spared[i]!);
    takeBarred(table, barred[i]!, spared[i]!);
  }
  const classes = UNIT_CLASSES.map((unitClass) => collect(unitClass, tables, places));
  const lists = (list: PageList): MoveList[] => toMoveLists(list, classes, limits.hotThreshold);
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
