import { pause } from "../../async/abortable.ts";
import { Semaphore } from "../../async/semaphore.ts";
import { allInTurns } from "../../async/turns.ts";
import type { PsiTaskDescription } from "../../config/engines/psi.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { expectedSeconds } from "../../guard/swap_in_time.ts";
import { log } from "../../log/logger.ts";
import type { CgroupHierarchy } from "../../procfs/cgroup_tree.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { GroupStatus } from "../../status/group_status.ts";
import { messageOf } from "../../text/message_of.ts";
import type { EngineContext } from "../engine_context.ts";
import type { RoundRecord } from "../round/round_record.ts";
import { StartedTask } from "../round/started_task.ts";
import { GroupControl, type GroupDecision, type ReadTimes } from "./group_control.ts";
import type { FoundGroup, GroupsReply } from "./look_at_groups.ts";
import type { ReclaimReply } from "./reclaim_group.ts";

/** Groups that are reclaimed at the same time. */
const AT_ONCE = 2;
/** A reason names at most so many groups. */
const MOST_NAMED = 4;
/** What a group is asked for in a round is asked for in so many steps, */
const STEPS = 8;
/** spread over this share of the time between two rounds. */
const SPREAD = 0.5;
const LEAST_STEP_BYTES = 2 ** 20;
/** A page of a file is taken to come from a disk. */
const FILE_READ_SECONDS = 100e-6;

/** A group that is asked for memory in a round. */
interface GroupWork {
  readonly hierarchy: CgroupHierarchy;
  readonly group: FoundGroup;
  readonly control: GroupControl;
  readonly decision: GroupDecision;
  readonly record: RoundRecord;
  readonly status: GroupStatus;
  readonly readTimes: ReadTimes;
}

/** What the run of a task takes of its server. */
type Common = Pick<EngineContext, "workers">;

/** A started task of psi: one round after the other, until it is stopped. */
export class PsiRun {
  readonly life: StartedTask;
  readonly #task: PsiTaskDescription;
  readonly #intervalMs: number;
  readonly #workers: EngineContext["workers"];
  readonly #root: string;
  readonly #slots = new Semaphore(AT_ONCE);
  /** By groupKey(). */
  readonly #controls = new Map<string, GroupControl>();
  /** By groupKey(): those at which the kernel holds a thread. */
  readonly #held = new Set<string>();
  readonly #ended: Promise<void>;
  readonly #logged = new Set<string>();
  readonly #underway = new Set<Promise<unknown>>();

  /** @param root where control groups are mounted. */
  constructor(
    { intervalSeconds }: ProjectDescription,
    task: PsiTaskDescription,
    { workers }: Common,
    root: string,
  ) {
    this.life = new StartedTask(task, { mover: "memory.reclaim" });
    this.#task = task;
    this.#intervalMs = intervalSeconds * 1000;
    this.#workers = workers;
    this.#root = root;
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    const { life } = this;
    while (!life.isOver) {
      const begunMs = performance.now();
      const record = life.history.begin();
      try {
        await this.#round(record);
        life.history.failed = undefined;
      } catch (error) {
        if (!life.isOver) {
          life.history.failed = messageOf(error);
          log.error(`${life.label}: round ${record.status.number} failed: ${life.history.failed}`);
        }
      }
      life.endRound(record, life.history.failed !== undefined);
      const leftMs = begunMs + this.#intervalMs - performance.now();
      if (leftMs < 0) record.status.late_us = Math.round(-leftMs * 1000);
      await pause(Math.max(0, leftMs), life.signal);
    }
  }

  async #round(record: RoundRecord): Promise<void> {
    const { life } = this;
    const begunMs = performance.now();
    const { hierarchy, groups, left, none } = await this.#workers.run("look_at_groups", {
      pattern: this.#task.target.type === "cgroup" ? this.#task.target.path : "",
      root: this.#root,
    }, life.signal);
    record.status.phases.vmas_us += Math.round((performance.now() - begunMs) * 1000);
    if (none !== undefined) this.#skip(record, none);
    this.#noteLeft(record, left);
    this.#forgetAllBut(groups);
    if (hierarchy === undefined) return;
    record.status.groups = [];
    const readTimes: ReadTimes = { swap: expectedSeconds(), file: FILE_READ_SECONDS };
    await allInTurns(groups, (group) => this.#reclaim(hierarchy, group, record, readTimes));
  }

  /** Says why groups were left alone, once for each reason. */
  #noteLeft(record: RoundRecord, left: GroupsReply["left"]): void {
    for (const [reason, groups] of Map.groupBy(left, (one) => one.reason)) {
      const which = groups.slice(0, MOST_NAMED).map(({ path }) => `"${path}"`).join(", ");
      const more = groups.length > MOST_NAMED ? `, and ${groups.length - MOST_NAMED} more` : "";
      const text = because("failed", `control group ${which}${more}: ${reason}`);
      this.#skip(record, text, reason);
    }
  }

  /** A reason that is about no process. @param key what is logged only once. */
  #skip(record: RoundRecord, reason: Reason, key: Reason = reason): void {
    record.skip(reason, []);
    if (this.#logged.has(key)) return;
    this.#logged.add(key);
    log.warning(`${this.life.label}: ${reason}`);
  }

  async #reclaim(
    hierarchy: CgroupHierarchy,
    group: FoundGroup,
    record: RoundRecord,
    readTimes: ReadTimes,
  ): Promise<void> {
    const key = groupKey(group);
    if (this.#held.has(key)) {
      record.skip(because("kernel_holds_thread"), []);
      return;
    }
    const control = this.#controls.get(key) ?? new GroupControl(this.#task);
    this.#controls.set(key, control);
    const decision = control.decide(group.sample, readTimes);
    const status = groupStatus(group, decision);
    record.status.groups?.push(status);
    record.addFigures({
      present_bytes: status.use_bytes,
      came_back_bytes: status.refault_bytes,
    });
    if (decision.askBytes === 0) return;
    await this.#ask({ hierarchy, group, control, decision, record, status, readTimes });
  }

  /**
   * Has a thread reclaim, step by step: in between, what the group uses is used again, and the
   * kernel sees that.
   */
  async #ask(work: GroupWork): Promise<void> {
    const { control, decision: { askBytes }, status, readTimes } = work;
    const stepBytes = Math.max(askBytes / STEPS, LEAST_STEP_BYTES);
    const restMs = (SPREAD * this.#intervalMs * stepBytes) / askBytes;
    for (let left = askBytes; left > 0; left -= stepBytes) {
      const reply = await this.#step(work, Math.min(left, stepBytes));
      // Held, failed, or there is no more to find.
      if (reply === undefined || reply.askedBytes === 0 || reply.counters === undefined) return;
      if (control.misses(reply.counters, readTimes, this.#intervalMs)) {
        status.held = because("group_misses_memory");
        return;
      }
      if (left > stepBytes) await pause(restMs, this.life.signal);
      if (this.life.isOver) return;
    }
  }

  /** @returns undefined when it failed, or the kernel holds the thread: the round does not wait. */
  async #step(
    { hierarchy, group, decision: { limitBytes }, record, status }: GroupWork,
    bytes: number,
  ): Promise<ReclaimReply | undefined> {
    const { path, id } = group;
    const key = groupKey(group);
    const held = Promise.withResolvers<undefined>();
    await this.#slots.take();
    const work = this.#workers.run(
      "reclaim_group",
      { hierarchy, path, id, bytes, limitBytes, stop: this.life.stop.words },
      this.life.signal,
      () => {
        this.#held.add(key);
        held.resolve(undefined);
      },
    ).then((reply) => {
      account(reply, record, status);
      return reply;
    }, (error: unknown) => {
      if (this.life.isOver) return undefined;
      status.held = messageOf(error);
      record.addFigures({ scan_errors: 1 });
      log.warning(`${this.life.label}: control group "${path}": ${status.held}`);
      return undefined;
    }).finally(() => this.#held.delete(key));
    this.#underway.add(work);
    void work.then(() => this.#underway.delete(work));
    try {
      return await Promise.race([work, held.promise]);
    } finally {
      this.#slots.giveBack();
    }
  }

  #forgetAllBut(groups: readonly FoundGroup[]): void {
    const keys = new Set(groups.map(groupKey));
    for (const key of this.#controls.keys()) if (!keys.has(key)) this.#controls.delete(key);
  }

  /** Resolves when no work of the task goes on, or when only the kernel holds a thread of it. */
  async stop(): Promise<void> {
    await this.life.end(this.#ended.then(() => Promise.all(this.#underway)));
  }
}

function groupKey({ path, id }: FoundGroup): string {
  return `${id} ${path}`;
}

/** Adds what a thread has reclaimed. */
function account(
  { askedBytes, reclaimedBytes, us, cpuUs }: ReclaimReply,
  record: RoundRecord,
  status: GroupStatus,
): void {
  status.asked_bytes += askedBytes;
  status.reclaimed_bytes += reclaimedBytes;
  record.status.phases.move_us += Math.round(us);
  record.status.cpu_us += Math.round(cpuUs);
  record.addFigures({
    asked_bytes: askedBytes,
    moved_bytes: reclaimedBytes,
    ...(askedBytes === reclaimedBytes
      ? {}
      : { refused: new Map([[because("kept"), askedBytes - reclaimedBytes]]) }),
  });
}

const percent = (value: number): number => Math.round(value * 1e4) / 1e4;

function groupStatus(
  { path, sample, swappedBytes }: FoundGroup,
  decision: GroupDecision,
): GroupStatus {
  return {
    path,
    use_bytes: sample.usageBytes,
    limit_bytes: decision.limitBytes,
    swapped_bytes: swappedBytes,
    memory_pressure_percent: decision.memoryPercent,
    io_pressure_percent: decision.ioPercent,
    refault_percent: percent(decision.refaultPercent),
    rate_percent: percent(100 * decision.rate),
    asked_bytes: 0,
    reclaimed_bytes: 0,
    refault_bytes: decision.refaults * PAGE_SIZE,
    major_faults: decision.majorFaults,
    ...(decision.held === undefined ? {} : { held: decision.held }),
  };
}
