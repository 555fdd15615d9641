import { pause } from "../../async/abortable.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import type { MoverKind } from "../../mover/mover.ts";
import { JobError } from "../../worker/pool.ts";
import type { SwapCacheReply, SwapCacheRequest } from "../../mover/trim_swap_cache.ts";
import type { Workers } from "../engine_context.ts";
import { because } from "../../reason/reasons.ts";

/** A stop does not wait longer until the kernel has ended its reclaim. */
const RELEASE_MS = 900;
const NO_MOVER = "only the mover swap_pages can reclaim the swap cache";

/**
 * Keeps the swap cache between the marks of a project. It sets the marks once, and has the kernel
 * begin to reclaim when the cache is too large.
 */
export class SwapCache {
  readonly #project: string;
  readonly #wmark: ProjectDescription["swapcacheWmark"];
  readonly #workers: Workers;
  #isSet = false;
  #isReclaiming = false;
  /** Why the marks have no effect. */
  #useless: string | undefined;

  constructor(project: ProjectDescription, workers: Workers) {
    this.#project = project.name;
    this.#wmark = project.swapcacheWmark;
    this.#workers = workers;
  }

  /** Takes note of the mover of a task that starts: only some can reclaim the swap cache. */
  use({ trimsSwapCache }: MoverKind): void {
    this.#useless = trimsSwapCache ? undefined : NO_MOVER;
  }

  /** That the marks have no effect, and why; undefined when they have, or none are set. */
  get warning(): string | undefined {
    return this.#wmark === undefined || this.#useless === undefined
      ? undefined
      : because("swap_cache_marks_useless", this.#useless);
  }

  /**
   * Called after a round: has the kernel reclaim when SwapCached is above the high mark.
   * @param signal nothing is begun once this has fired.
   * @returns microseconds spent.
   */
  async keep(signal: AbortSignal): Promise<number> {
    const wmark = this.#wmark;
    if (wmark === undefined || this.#useless !== undefined) return 0;
    const { swapCachedBytes, totalBytes } = readMemInfo();
    if (swapCachedBytes * 100 <= totalBytes * wmark.highPercent) return 0;
    const first = !this.#isSet;
    this.#isSet = true;
    const reply = await this.#trim({ ...(first ? { wmark } : {}), reclaim: true }, signal);
    if (reply === undefined) {
      if (first) this.#isSet = false;
      return 0;
    }
    if (reply.refused === undefined) {
      this.#isReclaiming = true;
    } else {
      this.#useless = reply.refused;
      this.#isSet = false;
      log.warning(`project ${this.#project}: ${this.warning}`);
    }
    return reply.us;
  }

  /**
   * Ends the reclaim that was begun: after a stop the kernel works no more for the project. Where
   * no thread is free for that, it is not waited for, and comes later.
   */
  async release(): Promise<void> {
    this.#useless = undefined;
    if (!this.#isReclaiming) return;
    this.#isReclaiming = false;
    const done = new AbortController();
    const end = this.#endReclaim().finally(() => done.abort());
    await Promise.race([end, pause(RELEASE_MS, done.signal)]);
  }

  async #endReclaim(): Promise<void> {
    const reply = await this.#trim({ reclaim: false });
    if (reply?.refused === undefined) return;
    log.warning(`project ${this.#project}: reclaim of the swap cache goes on: ${reply.refused}`);
  }

  /** @returns undefined when the signal came first. */
  async #trim(
    request: SwapCacheRequest,
    signal?: AbortSignal,
  ): Promise<SwapCacheReply | undefined> {
    try {
      return await this.#workers.run("trim_swap_cache", request, signal);
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) return undefined;
      if (!(error instanceof JobError)) throw error;
      return { refused: error.message, us: 0 };
    }
  }
}
