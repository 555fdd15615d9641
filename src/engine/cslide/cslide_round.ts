import { allInTurns } from "../../async/turns.ts";
import type { CslideEngineDescription } from "../../config/engines/cslide.ts";
import { THERE_ALREADY } from "../../mover/node_mover.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { Workers } from "../engine_context.ts";
import { closeProcess } from "../round/opened_process.ts";
import type { ProcessSweep } from "../round/process_sweep.ts";
import type { RoundRecord } from "../round/round_record.ts";
import { processKey } from "../round/space_keys.ts";
import type { ScannedRound } from "../round/task_processes.ts";
import type { CslideRun } from "./cslide_run.ts";
import { NodeRoom } from "./free_memory.ts";
import type { LocatedProcess } from "./locate_pages.ts";
import { POOL, type PoolFree } from "./memory_pools.ts";
import type { MovePairReply } from "./move_pair.ts";
import type { DecidedPair } from "./node_pairs.ts";
import { movedBytes, noteMoves, pairStatus } from "./pair_status.ts";
import type { NodeUsage } from "./node_usage.ts";
import { fitting, MOST_UNITS, TOO_MANY_UNITS } from "./plan_size.ts";
import type { PlanReply } from "./plan_round.ts";
import { ProcessUsage, toNodePages } from "./process_usage.ts";
import { because, type Reason } from "../../reason/reasons.ts";

const MIB = 2 ** 20;

/** What all rounds of an engine have in common. */
export interface CslideRoundSetup {
  readonly engine: CslideEngineDescription;
  readonly pairs: readonly DecidedPair[];
  readonly workers: Workers;
  readonly sweep: ProcessSweep;
  /** Units that it plans for at most; MOST_UNITS. */
  readonly mostUnits?: number;
}

/** A task in a round. */
interface Part {
  readonly run: CslideRun;
  readonly record: RoundRecord;
}

/** A process in a round. */
interface Entry extends Part {
  readonly process: FoundProcess;
  /** Set when its scans are over; its descriptors are open then, and its lock is held. */
  scanned?: ScannedRound<LocatedProcess> | undefined;
}

/** A process that is planned for. */
interface LocatedEntry extends Entry {
  readonly scanned: ScannedRound<LocatedProcess>;
}

function isLocated(entry: Entry): entry is LocatedEntry {
  return entry.scanned !== undefined;
}

/** The plan of a round, and whom it is for. */
interface PlannedRound {
  readonly entries: readonly LocatedEntry[];
  readonly plan: PlanReply;
  /** In the order of the entries. */
  readonly usage: readonly ProcessUsage[];
}

/** One round over all started tasks of an engine: scan, locate, plan, move. */
export class CslideRound {
  readonly #setup: CslideRoundSetup;
  readonly #parts: readonly Part[];
  readonly #entries: Entry[] = [];

  constructor(setup: CslideRoundSetup, runs: readonly CslideRun[]) {
    this.#setup = setup;
    this.#parts = runs.map((run) => ({ run, record: run.life.history.begin() }));
  }

  async run(): Promise<void> {
    let hasFailed = true;
    try {
      await this.#findProcesses();
      await allInTurns(this.#entries, async (entry) => {
        entry.scanned = await entry.run.processes.round(entry.process, entry.record);
      });
      await this.#planAndMove(this.#fitting(
        this.#entries.filter(isLocated).filter(({ run }) => !run.life.isOver),
      ));
      hasFailed = false;
    } finally {
      for (const { scanned } of this.#entries.filter(isLocated)) {
        closeProcess(scanned.result.open);
        scanned.hold.release(true);
      }
      for (const { run, record } of this.#parts) {
        run.life.endRound(record, hasFailed);
        // Where it was stopped in this round, it has released its locks only now.
        if (run.life.isOver) run.forgetAllBut(new Set());
      }
    }
  }

  /** An address space of which several tasks name a process belongs to the first of them. */
  async #findProcesses(): Promise<void> {
    const taken = new Map<string, string>();
    // All are found in one sweep.
    const searches = await Promise.all(this.#parts.map(({ run, record }) =>
      run.life.target.find(
        (query) => this.#setup.sweep.find(query, run.life.signal),
        record,
        (pid, error) => run.life.fail(record, pid, error),
      )
    ));
    for (const [i, part] of this.#parts.entries()) {
      const { run, record } = part;
      const found = searches[i]!;
      run.forgetAllBut(new Set(found.map(processKey)));
      for (const process of found) {
        const space = run.processes.spaceOf(process);
        const other = taken.get(space);
        if (other === undefined) {
          taken.set(space, run.description.name);
          this.#entries.push({ ...part, process });
        } else {
          record.skip(because("other_task_has", other), [process.pid]);
        }
      }
    }
  }

  /** Leaves out processes with which the plan would be too large. */
  #fitting(entries: readonly LocatedEntry[]): LocatedEntry[] {
    const units = entries.map(({ scanned: { result: { pages } } }) =>
      pages.isTooLarge === true ? Infinity : pages.page.length
    );
    const fits = fitting(units, this.#setup.mostUnits ?? MOST_UNITS);
    return entries.filter(({ process, record }, i) => {
      if (!fits[i]!) record.skip(TOO_MANY_UNITS, [process.pid]);
      return fits[i]!;
    });
  }

  async #planAndMove(entries: readonly LocatedEntry[]): Promise<void> {
    const plan = await this.#plan(entries);
    const usage = plan.usage.map((found) => new ProcessUsage(found));
    for (const [i, { record }] of entries.entries()) {
      notePlan(record, plan.usage[i]!, plan.spared[i]!);
    }
    const planned: PlannedRound = { entries, plan, usage };
    for (const [i, pair] of this.#setup.pairs.entries()) await this.#movePair(pair, i, planned);
    for (const { run } of this.#parts) {
      if (!run.life.isOver) run.pages = pagesOf(run, planned);
    }
  }

  async #plan(entries: readonly LocatedEntry[]): Promise<PlanReply> {
    const { engine, pairs, workers } = this.#setup;
    const begin = performance.now();
    const plan = await workers.run("plan_round", {
      limits: {
        hotThreshold: engine.hotThreshold,
        quotaBytes: engine.nodeMigQuotaMb * MIB,
        reserveBytes: engine.nodeHotReserveMb * MIB,
      },
      pairs: pairs.map(({ slow, dram }) => ({ slow, dram })),
      free: pairs.map(freeOf),
      tables: entries.map(({ scanned }) => scanned.result.pages),
      held: entries.map(({ run, process, record }) =>
        run.stuckPagesOf(process).takeHeld(record.status.number)
      ),
    });
    const planUs = (performance.now() - begin) * 1000;
    for (const { record } of this.#parts) {
      record.status.phases.classify_us += Math.round(planUs / this.#parts.length);
    }
    return plan;
  }

  /** @param index of the pair. */
  async #movePair(pair: DecidedPair, index: number, planned: PlannedRound): Promise<void> {
    const { steps, account } = planned.plan.pairs[index]!;
    for (const { record } of this.#parts) {
      record.status.node_pairs = [...(record.status.node_pairs ?? []), pairStatus(pair, account)];
    }
    if (steps.length === 0) return;
    const reply = await this.#setup.workers.run("move_pair", {
      slow: pair.slow,
      dram: pair.dram,
      cpus: pair.cpus,
      steps,
      processes: planned.entries.map(({ run, scanned }) => ({
        pid: scanned.result.open.tid,
        dirFd: scanned.result.open.dirFd,
        pagemapFd: scanned.result.open.pagemapFd,
        memoryId: scanned.result.memoryId,
        stop: run.life.stop.words,
      })),
    });
    for (const [i, { run, record, process }] of planned.entries.entries()) {
      const moves = reply.moves[i]!;
      run.life.warn(process.pid, moves.errors);
      noteMoves(record, index, moves);
      planned.usage[i]!.move(pair, moves);
      if (!run.life.isOver) run.stuckPagesOf(process).add(moves.stuck, record.status.number);
    }
    forgetMoved(planned, reply);
    for (const { record } of this.#parts) {
      record.status.phases.move_us += Math.round(reply.us / this.#parts.length);
      record.status.cpu_us += Math.round(reply.cpuUs / this.#parts.length);
    }
  }
}

function freeOf({ slow, dram }: DecidedPair): PoolFree[] {
  const [slowRoom, dramRoom] = [new NodeRoom(slow), new NodeRoom(dram)];
  return [POOL.memory, POOL.hugetlb].map((pool) => ({
    slowFreeBytes: slowRoom.bytes(pool),
    dramFreeBytes: dramRoom.bytes(pool),
  }));
}

/** Adds to a round what a plan has found of a process, and what it leaves alone. */
function notePlan(
  record: RoundRecord,
  found: readonly NodeUsage[],
  spared: ReadonlyMap<Reason, number>,
): void {
  for (const { hotBytes, coldBytes, hotHugeBytes } of found) {
    record.addFigures({
      present_bytes: hotBytes + coldBytes,
      hot_bytes: hotBytes,
      cold_bytes: coldBytes,
      hot_huge_bytes: hotHugeBytes,
    });
  }
  record.addFigures({ spared });
}

/**
 * Some trackers take moved pages for used ones, also in another process that has them; the next
 * round would move them back. What they know of such a process is forgotten: its scans begin anew.
 */
function forgetMoved({ entries, plan }: PlannedRound, reply: MovePairReply): void {
  const hasMoved = reply.moves.map((moves) =>
    movedBytes(moves) > 0 || moves.refused.has(THERE_ALREADY)
  );
  for (const [i, { run, process }] of entries.entries()) {
    if (!run.life.tracker.losesMovedPages) continue;
    const hasNewFrames = hasMoved[i]! || plan.owners[i]!.some((owner) => hasMoved[owner]);
    if (hasNewFrames) run.processes.forget(process);
  }
}

/** Where the memory of a task's processes is after a round. */
function pagesOf(run: CslideRun, { entries, plan, usage }: PlannedRound): CslideRun["pages"] {
  return entries.flatMap(({ run: owner, process }, i) =>
    owner === run
      ? [{
        pid: process.pid,
        nodes: usage[i]!.nodes,
        repeated: plan.repeated[i]!.map(toNodePages),
      }]
      : []
  );
}
