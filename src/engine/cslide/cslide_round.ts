import type { CslideEngineDescription } from "../../config/engines/cslide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { THERE_ALREADY } from "../../mover/node_mover.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import { messageOf } from "../../text/message_of.ts";
import type { LocatedPages } from "./located_pages.ts";
import type { StepRequest } from "../round/scan_step.ts";
import { errorLine } from "../round/error_line.ts";
import { closeProcess, type RoundPlan, runPidRound } from "../round/pid_round.ts";
import { processKey, type ScanHold } from "../round/scan_lock.ts";
import type { RoundRecord } from "../round/round_record.ts";
import { engineContext } from "../engine_context.ts";
import type { Semaphore } from "../../async/semaphore.ts";
import type { MemoryByReason } from "../../status/round_figures.ts";
import type { NodePairStatus } from "../../status/round_status.ts";
import type { CslideTask, TaskLife } from "./cslide_task.ts";
import { NodeRoom } from "./free_memory.ts";
import { POOL, type PoolFree } from "./memory_pools.ts";
import type { MovePairReply, ProcessMoves } from "./move_pair.ts";
import type { DecidedPair } from "./node_pairs.ts";
import { type NodePages } from "./page_tables.ts";
import type { PairAccount } from "./pair_planner.ts";
import type { NodeUsage } from "./node_usage.ts";
import type { PlanReply } from "./plan_round.ts";

const { scanLock, workers } = engineContext;

const MIB = 2 ** 20;

/** What every round of an engine works with. */
export interface CslideMeans {
  readonly project: ProjectDescription;
  readonly engine: CslideEngineDescription;
  readonly pairs: readonly DecidedPair[];
  readonly slots: Semaphore;
  readonly trackerOf: (task: CslideTask) => TrackerKind<TrackerName>;
}

/** A task in a round. */
interface Part {
  readonly task: CslideTask;
  readonly life: TaskLife;
  readonly tracker: TrackerKind<TrackerName>;
  readonly record: RoundRecord;
}

/** A process in a round. */
interface Entry extends Part {
  readonly process: FoundProcess;
  hold?: ScanHold;
  /** Set when its scans are over; its descriptors are open then. */
  located?: { readonly pages: LocatedPages; readonly open: NonNullable<StepRequest["open"]> };
}

/** One round over all tasks of an engine: scan, locate, plan, move. */
export class CslideRound {
  readonly #means: CslideMeans;
  readonly #parts: readonly Part[];
  readonly #entries: Entry[] = [];

  constructor(means: CslideMeans, tasks: readonly CslideTask[]) {
    this.#means = means;
    this.#parts = tasks.map((task) => ({
      task,
      life: task.life,
      tracker: means.trackerOf(task),
      record: task.beginRound(),
    }));
  }

  async run(): Promise<void> {
    let hasFailed = true;
    try {
      this.#findProcesses();
      await Promise.all(this.#entries.map((entry) => this.#scan(entry)));
      await this.#move(this.#entries.filter(({ life, located }) => !life.isOver && located));
      hasFailed = false;
    } finally {
      for (const { located, hold } of this.#entries) {
        if (located !== undefined) closeProcess(located.open);
        hold?.release(true);
      }
      for (const { task, record, life } of this.#parts) {
        task.endRound(record, life);
        log.info(
          `project ${this.#means.project.name}: task ${task.description.name}: ${
            record.summary(hasFailed)
          }`,
        );
        // It has released its locks only now.
        task.forgetLocks();
      }
    }
  }

  /** A process that several tasks name belongs to the first of them. */
  #findProcesses(): void {
    const taken = new Map<string, string>();
    for (const part of this.#parts) {
      const { task, life, record } = part;
      const found = life.target.find(
        record,
        (pid, error) => this.#fail(task, record, pid, error),
      );
      const keys = new Set(found.map(processKey));
      task.forgetAllBut(keys);
      scanLock.forgetAllBut(keys, task);
      for (const process of found) {
        const other = taken.get(processKey(process));
        if (other === undefined) {
          taken.set(processKey(process), task.description.name);
          this.#entries.push({ ...part, process });
        } else {
          record.skip(`belongs to task ${other}`, [process.pid]);
        }
      }
    }
  }

  #planFor({ task: { description }, life, tracker }: Part): RoundPlan {
    const { project } = this.#means;
    return {
      loop: project.loop,
      intervalMs: project.intervalSeconds * 1000,
      step: {
        tracker: tracker.name,
        selection: {
          kind: "flagged",
          vmFlags: description.vmFlags,
          anonOnly: description.anonOnly,
        },
        flags: { swapFlag: false, ignoreHost: description.ignHost },
        stop: life.stop.words,
      },
      last: { locate: true },
    };
  }

  async #scan(entry: Entry): Promise<void> {
    const { task, life, record, process } = entry;
    const key = processKey(process);
    const hold = await scanLock.acquire(key, task, life.signal);
    if (hold === undefined) return;
    const known = task.memories.get(key);
    task.memories.delete(key);
    try {
      const reply = await task.track(runPidRound(
        process,
        this.#planFor(entry),
        {
          workers,
          slots: this.#means.slots,
          signal: life.signal,
          onReply: (step) => {
            record.add(step);
            if (step.state === "skipped") record.skip(step.reason, [process.pid]);
            this.#warn(task, process.pid, errorLine(step.errors));
          },
        },
        known,
        hold.isStale,
      ));
      if (reply?.state === "located") {
        entry.hold = hold;
        entry.located = reply;
        if (!life.isOver) task.memories.set(key, reply.memory);
      }
    } catch (error) {
      this.#fail(task, record, process.pid, error);
    } finally {
      if (entry.hold === undefined) hold.release(true);
    }
  }

  #fail(task: CslideTask, record: RoundRecord, pid: number, error: unknown): void {
    record.fail(error, pid);
    this.#warn(task, pid, messageOf(error));
  }

  #warn(task: CslideTask, pid: number, what: string | undefined): void {
    if (what === undefined) return;
    const { name } = this.#means.project;
    log.warning(`project ${name}: task ${task.description.name}: process ${pid}: ${what}`);
  }

  async #move(entries: readonly Entry[]): Promise<void> {
    const { engine, pairs } = this.#means;
    const freeOf = ({ slow, dram }: DecidedPair): PoolFree[] => {
      const [slowRoom, dramRoom] = [new NodeRoom(slow), new NodeRoom(dram)];
      return [POOL.memory, POOL.hugetlb].map((pool) => ({
        slowFreeBytes: slowRoom.bytes(pool),
        dramFreeBytes: dramRoom.bytes(pool),
      }));
    };
    const begin = performance.now();
    const plan = await workers.run("plan_round", {
      limits: {
        hotThreshold: engine.hotThreshold,
        quotaBytes: engine.nodeMigQuotaMb * MIB,
        reserveBytes: engine.nodeHotReserveMb * MIB,
      },
      pairs: pairs.map(({ slow, dram }) => ({ slow, dram })),
      free: pairs.map(freeOf),
      tables: entries.map(({ located }) => located!.pages),
      held: entries.map(({ task, process, record }) =>
        task.stuckPagesOf(processKey(process)).takeHeld(record.status.number)
      ),
    });
    const planUs = (performance.now() - begin) * 1000;
    for (const { record } of this.#parts) {
      record.status.phases.classify_us += Math.round(planUs / this.#parts.length);
    }
    const usage = entries.map((entry, i) => this.#noteUsage(entry, plan, i));
    for (const [i, { record }] of entries.entries()) {
      record.addFigures({ spared: plan.spared[i]! });
    }
    for (const [i, pair] of pairs.entries()) await this.#movePair(pair, i, entries, plan, usage);
    for (const { task, life } of this.#parts) {
      if (life.isOver) continue;
      task.pages = entries.flatMap(({ task: owner, process }, i) =>
        owner === task
          ? [{
            pid: process.pid,
            nodes: [...usage[i]!.values()].sort((a, b) => a.node - b.node),
            repeated: plan.repeated[i]!.map(toNodePages),
          }]
          : []
      );
    }
  }

  /** Adds what was found to the round, and gives it by node. */
  #noteUsage({ record }: Entry, plan: PlanReply, index: number): Map<number, NodePages> {
    const found: readonly NodeUsage[] = plan.usage[index]!;
    const byNode = new Map<number, NodePages>();
    for (const one of found) {
      const { node, hotBytes, coldBytes, hotHugeBytes } = one;
      record.addFigures({
        present_bytes: hotBytes + coldBytes,
        hot_bytes: hotBytes,
        cold_bytes: coldBytes,
        hot_huge_bytes: hotHugeBytes,
      });
      byNode.set(node, toNodePages(one));
    }
    return byNode;
  }

  async #movePair(
    pair: DecidedPair,
    index: number,
    entries: readonly Entry[],
    plan: PlanReply,
    usage: readonly Map<number, NodePages>[],
  ): Promise<void> {
    const { steps, account } = plan.pairs[index]!;
    for (const { record } of this.#parts) {
      record.status.node_pairs = [...(record.status.node_pairs ?? []), pairStatus(pair, account)];
    }
    if (steps.length === 0) return;
    const reply: MovePairReply = await workers.run("move_pair", {
      slow: pair.slow,
      dram: pair.dram,
      cpus: pair.cpus,
      steps,
      processes: entries.map(({ life, process, located }) => ({
        pid: process.pid,
        pagemapFd: located!.open.pagemapFd,
        stop: life.stop.words,
      })),
    });
    const hasMoved = reply.moves.map((moves) =>
      movedBytes(moves) > 0 || moves.refused.has(THERE_ALREADY)
    );
    for (const [i, { task, life, record, tracker, process }] of entries.entries()) {
      const moves = reply.moves[i]!;
      this.#warn(task, process.pid, errorLine(moves.errors));
      noteMoves(record, index, moves);
      shift(usage[i]!, pair, moves);
      if (!life.isOver) {
        task.stuckPagesOf(processKey(process)).add(moves.stuck, record.status.number);
      }
      // What was moved, for this process or another that has it too, would be taken for used, and moved back: forget
      // what the tracker knows, and begin anew.
      const hasNewFrames = hasMoved[i]! || plan.owners[i]!.some((owner) => hasMoved[owner]);
      if (tracker.losesMovedPages && hasNewFrames) task.memories.delete(processKey(process));
    }
    for (const { record } of this.#parts) {
      record.status.phases.move_us += Math.round(reply.us / this.#parts.length);
      record.status.cpu_us += Math.round(reply.cpuUs / this.#parts.length);
    }
  }
}

function toNodePages({ node, hotBytes, coldBytes }: NodeUsage): NodePages {
  return { node, usedBytes: hotBytes + coldBytes, hotBytes, coldBytes };
}

function byReason(
  reasons: Readonly<Record<string, readonly [text: string, bytes: number]>>,
): MemoryByReason[] {
  return Object.values(reasons)
    .filter(([, bytes]) => bytes > 0)
    .map(([reason, bytes]) => ({ reason, bytes }));
}

function pairStatus(pair: DecidedPair, account: PairAccount): NodePairStatus {
  const { hotLeftBytes, reserveShortBytes } = account;
  return {
    slow_node: pair.slow,
    dram_node: pair.dram,
    up_hot_bytes: 0,
    up_cold_bytes: 0,
    down_hot_bytes: 0,
    down_cold_bytes: 0,
    up_quota_used_bytes: account.upQuotaUsedBytes,
    down_quota_used_bytes: account.downQuotaUsedBytes,
    hot_left: byReason({
      quota: ["node_mig_quota used up", hotLeftBytes.quota],
      noColdPages: ["no cold memory of these tasks on DRAM to exchange", hotLeftBytes.noColdPages],
      noFreeMemory: ["no free page on either node to exchange through", hotLeftBytes.noFreeMemory],
    }),
    reserve_short: byReason({
      quota: ["node_mig_quota used up", reserveShortBytes.quota],
      noColdPages: ["no cold memory of these tasks on DRAM", reserveShortBytes.noColdPages],
      slowNodeFull: ["the slow node is full", reserveShortBytes.slowNodeFull],
    }),
  };
}

function movedBytes({ upHot, upCold, downHot, downCold }: ProcessMoves): number {
  return upHot + upCold + downHot + downCold;
}

function noteMoves(record: RoundRecord, pair: number, moves: ProcessMoves): void {
  record.addFigures({
    asked_bytes: moves.asked,
    moved_bytes: movedBytes(moves),
    refused: moves.refused,
    scan_errors: moves.errors.length,
  });
  const flow = record.status.node_pairs![pair]!;
  flow.up_hot_bytes += moves.upHot;
  flow.up_cold_bytes += moves.upCold;
  flow.down_hot_bytes += moves.downHot;
  flow.down_cold_bytes += moves.downCold;
}

/** Brings the account of a process by node up to date with what moved. */
function shift(
  usage: Map<number, NodePages>,
  { slow, dram }: DecidedPair,
  moves: ProcessMoves,
): void {
  const add = (node: number, hot: number, cold: number): void => {
    const known = usage.get(node) ?? { node, usedBytes: 0, hotBytes: 0, coldBytes: 0 };
    usage.set(node, {
      node,
      usedBytes: known.usedBytes + hot + cold,
      hotBytes: known.hotBytes + hot,
      coldBytes: known.coldBytes + cold,
    });
  };
  const hot = moves.upHot - moves.downHot;
  const cold = moves.upCold - moves.downCold;
  if (hot === 0 && cold === 0) return;
  add(dram, hot, cold);
  add(slow, -hot, -cold);
}
