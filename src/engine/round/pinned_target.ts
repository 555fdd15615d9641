import type { TaskTarget } from "../../config/task.ts";
import { log } from "../../log/logger.ts";
import {
  type FoundProcess,
  type ProcessQuery,
  startTicksOf,
  type SweptProcesses,
} from "../../procfs/find_processes.ts";
import type { OnUnreadable } from "../../procfs/proc_look.ts";
import type { RoundRecord } from "./round_record.ts";
import { StillFamily } from "./still_family.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import { whyNone } from "./why_none.ts";

const PROC = "/proc";

/**
 * Which processes a task is about, from its start to its stop. With type=pid that is the first
 * process that has the pid; a process that gets the pid later is never found.
 */
export class PinnedTarget {
  readonly #label: string;
  readonly #root: string;
  #query: ProcessQuery;
  readonly #logged = new Set<string>();
  readonly #family = new StillFamily();

  /** @param label of the task, for the log. @param root where procfs is mounted. */
  constructor(target: TaskTarget, label: string, root = PROC) {
    this.#query = target;
    this.#label = label;
    this.#root = root;
  }

  /** Looks now which process has the pid: the first round begins later. */
  settle(): void {
    // What cannot be read now is told by the round that cannot read it.
    if (this.#query.type === "pid") this.#pin(startTicksOf(this.#query.pid, this.#root));
  }

  /**
   * Finds the processes of a round. When there are none, the round says under `skipped` why.
   * @param search looks for them; undefined when the task was stopped first: then there are none.
   * @throws what the search throws.
   */
  async find(
    search: (query: ProcessQuery) => Promise<SweptProcesses | undefined>,
    record: RoundRecord,
    onUnreadable: OnUnreadable,
  ): Promise<readonly FoundProcess[]> {
    const swept = await this.#sweep(search);
    if (swept === undefined) return [];
    const { found, sharers, named, groups, unreadable } = swept;
    this.#pin(named[0]?.startTicks);
    for (const { pid, error } of unreadable) onUnreadable(pid, error);
    record.status.processes = found.length + sharers.length;
    if (sharers.length > 0) record.skip(because("shares_space"), sharers);
    if (found.length === 0 && unreadable.length === 0) {
      for (const [why, pids] of whyNone(this.#query, swept)) this.#skip(record, why, pids);
    }
    if (groups !== undefined && groups.foreign > 0) {
      this.#skip(record, because("in_other_pid_namespace"), []);
    }
    return found;
  }

  #sweep(
    search: (query: ProcessQuery) => Promise<SweptProcesses | undefined>,
  ): Promise<SweptProcesses | undefined> {
    const query = this.#query;
    // Another procfs may be that of another PID namespace, whose clocks are not these.
    const isOneFamily = query.type === "pid" && this.#root === PROC;
    return isOneFamily ? this.#family.find(() => search(query)) : search(query);
  }

  /** @param startTicks of the process that has the pid. */
  #pin(startTicks: number | undefined): void {
    const query = this.#query;
    if (query.type !== "pid" || query.startTicks !== undefined) return;
    if (startTicks !== undefined) this.#query = { ...query, startTicks };
  }

  /** Each reason is logged once, with its pid where it is about one process. */
  #skip(record: RoundRecord, why: Reason, pids: readonly number[]): void {
    record.skip(why, pids);
    if (this.#logged.has(why)) return;
    this.#logged.add(why);
    const [pid] = pids;
    const who = pid !== undefined && pids.length === 1 ? `process ${pid}: ` : "";
    log.warning(`${this.#label}: ${who}${why}`);
  }
}
