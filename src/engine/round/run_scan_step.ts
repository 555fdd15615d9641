import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE, threadCpuUs } from "../../../ffi/libc.ts";
import { MovedSet } from "../../mover/moved_set.ts";
import { runsVirtualMachine } from "../../procfs/kvm.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { readProcessSizes } from "../../procfs/process_memory.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import { isGone } from "../../procfs/read_file.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import { noPhases, type PhaseTimes } from "../../status/round_phases.ts";
import { PageCounts } from "../../tracker/page_counts.ts";
import type { ScanOutcome } from "../../tracker/tracker.ts";
import { TRACKERS } from "../../tracker/trackers.ts";
import { readRanges } from "../../tracker/vma_selection.ts";
import { locatePages } from "../cslide/locate_pages.ts";
import { moveCold } from "../slide/move_cold.ts";
import type { OpenProcess, StepReply, StepRequest } from "./scan_step.ts";

/** The process went away between two looks at it. */
class Gone extends Error {}

/** A process as a step works on it; descriptors are closed unless the round goes on. */
class ProcessAtHand {
  readonly dirFd: number;
  readonly pagemapFd: number;
  readonly memoryId: string;

  /** @throws {Gone} when the process is another one by now, or executes another program since its round began. */
  constructor(request: StepRequest) {
    this.dirFd = request.open?.dirFd ?? openProcFile(AT_FDCWD, `/proc/${request.pid}`);
    let pagemapFd = request.open?.pagemapFd ?? -1;
    try {
      if (pagemapFd < 0) pagemapFd = openProcFile(this.dirFd, "pagemap");
      const stat = readProcessStat(this.dirFd);
      if (stat === undefined || stat.startTicks !== request.startTicks || stat.isDead) {
        throw new Gone();
      }
      if (request.open !== undefined && request.memory?.memoryId !== stat.memoryId) {
        throw new Gone();
      }
      this.memoryId = stat.memoryId;
    } catch (error) {
      close(this.dirFd);
      if (pagemapFd >= 0) close(pagemapFd);
      throw error;
    }
    this.pagemapFd = pagemapFd;
  }

  close(): void {
    close(this.pagemapFd);
    close(this.dirFd);
  }
}

function openProcFile(dirFd: number, path: string): number {
  try {
    return openAt(dirFd, path, O_RDONLY);
  } catch (error) {
    if (isGone(error)) throw new Gone();
    throw error;
  }
}

/** One step while it runs. */
class Step {
  readonly times = noPhases();
  readonly #errors: string[] = [];
  #figures: FigureGains = {};
  readonly #request: StepRequest;
  readonly #cpuAtStart = threadCpuUs();

  constructor(request: StepRequest) {
    this.#request = request;
  }

  #timed<T>(phase: keyof PhaseTimes, work: () => T): T {
    const begin = performance.now();
    try {
      return work();
    } finally {
      this.times[phase] += (performance.now() - begin) * 1000;
    }
  }

  run(): StepReply {
    let process: ProcessAtHand;
    try {
      process = new ProcessAtHand(this.#request);
    } catch (error) {
      if (error instanceof Gone) return this.#reply({ state: "gone" });
      throw error;
    }
    let goesOn = false;
    try {
      const reply = this.#work(process);
      goesOn = reply.state === "open" || reply.state === "located";
      return reply;
    } catch (error) {
      if (error instanceof Gone || isGone(error)) return this.#reply({ state: "gone" });
      throw error;
    } finally {
      if (!goesOn) process.close();
    }
  }

  #work(process: ProcessAtHand): StepReply {
    const request = this.#request;
    if (request.open === undefined) {
      const reason = this.#timed("vmas_us", () => this.#belowThreshold(process));
      if (reason !== undefined) {
        return this.#reply({ state: "skipped", reason, memory: request.memory });
      }
    }
    const kind = TRACKERS.find((t) => t.name === request.tracker)!;
    const known = request.memory?.memoryId === process.memoryId ? request.memory : undefined;
    const counted = known !== undefined && !request.isStale;
    const tracker = kind.create(counted ? known.tracker : undefined);
    const pagemap = new Pagemap(process.pagemapFd);
    const counts = counted ? countsOf(request.open) : null;
    const stopped = (): boolean => Atomics.load(request.stop, 0) !== 0;
    const outcome = this.#timed("scan_us", () =>
      tracker.scan({
        dirFd: process.dirFd,
        pagemap,
        selection: request.selection,
        flags: request.flags,
        stopped,
      }, counts));
    if (outcome.state !== "scanned") return this.#ended(outcome);
    this.#errors.push(...outcome.errors);
    const moved = known === undefined
      ? MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) })
      : MovedSet.fromData(known.moved);
    const memory = () => ({
      memoryId: process.memoryId,
      tracker: tracker.memory(),
      moved: moved.toData(),
    });
    if (counts !== null) {
      if ((request.open?.counts ?? null) === null) this.#noteReturns(process, moved, counts);
      const summary = this.#timed("classify_us", () => counts.histogram());
      const scanned = summary.reduce((sum, pages) => sum + pages, 0);
      this.#gain({ scanned_bytes: scanned * PAGE_SIZE });
      if (request.move !== undefined) {
        this.#gain(moveCold({
          request,
          order: request.move,
          dirFd: process.dirFd,
          pagemap,
          counts,
          moved,
          histogram: summary,
          times: this.times,
          errors: this.#errors,
        }));
        return this.#reply({ state: "done", memory: memory() });
      }
    }
    if (counts !== null && request.locate === true) {
      const pages = this.#timed(
        "verify_us",
        () =>
          locatePages({
            pid: request.pid,
            dirFd: process.dirFd,
            pagemap,
            counts,
            seesHugetlb: kind.seesHugetlb,
            mayBeSplit: runsVirtualMachine(process.dirFd),
            stopped,
          }),
      );
      if (typeof pages === "string") return this.#reply({ state: pages });
      const { dirFd, pagemapFd } = process;
      const open = { dirFd, pagemapFd, counts: null };
      return this.#reply({ state: "located", pages, open, memory: memory() });
    }
    return this.#reply({
      state: "open",
      counted,
      windowAgeMs: performance.now() - outcome.windowStartMs,
      open: {
        dirFd: process.dirFd,
        pagemapFd: process.pagemapFd,
        counts: counts?.toData() ?? null,
      },
      memory: memory(),
    });
  }

  #ended(outcome: Exclude<ScanOutcome, { state: "scanned" }>): StepReply {
    if (outcome.state === "unfit") return this.#reply({ state: "skipped", reason: outcome.reason });
    return this.#reply({ state: outcome.state });
  }

  #belowThreshold({ dirFd }: ProcessAtHand): string | undefined {
    const threshold = this.#request.swapThresholdBytes;
    if (threshold === undefined) return undefined;
    const sizes = readProcessSizes(dirFd);
    if (sizes === undefined) throw new Gone();
    return sizes.rssBytes > threshold ? undefined : "VmRSS is not above swap_threshold";
  }

  /** Pages that an earlier round moved and that are present now. */
  #noteReturns({ dirFd }: ProcessAtHand, moved: MovedSet, counts: PageCounts): void {
    if (moved.isEmpty) return;
    const ranges = this.#timed("vmas_us", () => readRanges(dirFd, this.#request.selection));
    if (ranges === undefined) throw new Gone();
    this.#timed("classify_us", () => {
      moved.keepOnly(ranges);
      let cameBack = 0;
      counts.forEachPresent((page, pages) => {
        cameBack += moved.takeOut(page, pages);
      });
      this.#gain({ came_back_bytes: cameBack * PAGE_SIZE });
    });
  }

  #gain(figures: FigureGains): void {
    this.#figures = { ...this.#figures, ...figures };
  }

  #reply<T>(rest: T): T & Pick<StepReply, "times" | "cpuUs" | "errors" | "figures"> {
    return {
      ...rest,
      times: this.times,
      cpuUs: threadCpuUs() - this.#cpuAtStart,
      errors: this.#errors,
      figures: this.#figures,
    };
  }
}

function countsOf(open: OpenProcess | undefined): PageCounts {
  const data = open?.counts ?? null;
  return data === null ? new PageCounts() : PageCounts.fromData(data);
}

/**
 * Does one step of a round for one process. Runs in a worker: it may stay in the kernel for long.
 * @throws {SystemCallError | ProcfsError} when the process cannot be worked on; its descriptors are closed then.
 */
export function runScanStep(request: StepRequest): StepReply {
  return new Step(request).run();
}
