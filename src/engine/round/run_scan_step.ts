import { PAGE_SIZE, threadCpuUs } from "../../../ffi/libc.ts";
import { ProcessHistory } from "../../guard/process_history.ts";
import { MovedSet, type MovedSetData } from "../../mover/moved_set.ts";
import { runsVirtualMachine } from "../../procfs/kvm.ts";
import { tally } from "../../mover/page_out.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { readAnonymousBytes, readProcessSizes } from "../../procfs/process_memory.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import { isGone } from "../../procfs/read_file.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import { noPhases } from "../../status/round_phases.ts";
import { PageCounts } from "../../tracker/page_counts.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind } from "../../tracker/tracker.ts";
import { readNotSelected } from "../../tracker/not_selected.ts";
import { TRACKERS } from "../../tracker/trackers.ts";
import { readRanges } from "../../tracker/vma_selection.ts";
import { messageOf } from "../../text/message_of.ts";
import { closeProcess, Gone, OpenedProcess } from "./opened_process.ts";
import {
  mostWaitedFor,
  type ReadCounters,
  readReadCounters,
  takePresent,
  takeReturned,
} from "./read_back.ts";
import { packMemory, unpackMemory } from "./packed_memory.ts";
import type { Finisher, Rest, ScannedProcess } from "./scanned_process.ts";
import type {
  FinishedStep,
  OpenProcess,
  ProcessMemory,
  RestingStep,
  RestStep,
  ScanStepReply,
  ScanStepRequest,
  UnfinishedStep,
} from "./scan_step.ts";
import { fromOthers, SeenPages } from "./seen_pages.ts";
import { StopFlag } from "./stop_flag.ts";
import { whyNoSwap } from "./swap_limit.ts";
import { inAllThreads, inThisThread } from "./thread_clock.ts";
import { timed } from "./timed.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** A scan that was done. */
interface Scan {
  readonly kind: TrackerKind;
  readonly tracker: Tracker;
  readonly pagemap: Pagemap;
  /** Null: it does not count, accesses of unknown age were forgotten. */
  readonly counts: PageCounts | null;
  readonly history: ProcessHistory;
  readonly moved: MovedSet;
  /**
   * From before it was last looked what came back, and from before this scan; absent while nothing
   * is out.
   */
  readonly readsBefore: ReadCounters | undefined;
  readonly reads: ReadCounters | undefined;
  readonly windowStartMs: number;
  readonly target: ScanTarget;
  /** ProcessStat.faults when it began. */
  readonly faults: number;
  /** What the tracker did not look at: bytes by reason. */
  readonly leftAlone: ReadonlyMap<Reason, number> | undefined;
}

/** A scan that counts, with what is known of its counts. */
type CountedScan = Scan & Pick<ScannedProcess, "counts" | "histogram">;

type StepOutcome<Result> = UnfinishedStep | FinishedStep<Result> | RestStep<Result>;

function trackerOf(name: ScanStepRequest["tracker"]): TrackerKind {
  return TRACKERS.find((entry) => entry.name === name)!;
}

/** A request whose memory is unpacked. */
type StepInput<Order> = ScanStepRequest<Order> & { readonly memory: ProcessMemory | undefined };

/** One step while it runs: open, threshold, scan, classify, finish. */
class ScanStep<Order, Result extends object> {
  readonly #request: StepInput<Order>;
  readonly #finisher: Finisher<Order, Result>;
  readonly #stop: StopFlag;
  readonly #times = noPhases();
  readonly #errors: string[] = [];
  #figures: FigureGains = {};
  #staysOpen = false;
  #scanCpuUs = 0;
  /** What lookAgain() has found, and by monotonicMs() from when on the next scan sees accesses. */
  #looks: { readonly counts: PageCounts; windowStartMs: number } | undefined;
  /** For other tasks. */
  readonly #seen = new SeenPages();

  constructor(request: StepInput<Order>, finisher: Finisher<Order, Result>) {
    this.#request = request;
    this.#finisher = finisher;
    this.#stop = new StopFlag(request.stop);
  }

  run(): ScanStepReply<Result> {
    const looks = this.#request.resting?.looks;
    if (looks !== undefined) {
      this.#looks = { ...looks, counts: PageCounts.fromData(looks.counts) };
    }
    const cpuAtStart = threadCpuUs();
    const outcome = this.#openAndWork();
    return {
      ...outcome,
      seen: this.#request.isFollowed === true ? this.#seen.toData() : undefined,
      times: this.#times,
      cpuUs: threadCpuUs() - cpuAtStart,
      errors: this.#errors,
      figures: this.#figures,
    };
  }

  #openAndWork(): StepOutcome<Result> {
    let process: OpenedProcess | undefined;
    let isDone = false;
    try {
      process = new OpenedProcess(this.#request);
      const outcome = this.#work(process);
      isDone = true;
      return outcome;
    } catch (error) {
      if (error instanceof Gone || (process !== undefined && isGone(error))) {
        return { state: "gone" };
      }
      throw error;
    } finally {
      if (process !== undefined && !(isDone && this.#staysOpen)) closeProcess(process);
    }
  }

  #work(process: OpenedProcess): StepOutcome<Result> {
    const { memory, finish, resting } = this.#request;
    if (resting !== undefined && finish !== undefined) {
      return this.#finish(finish, process, this.#goOn(process, resting));
    }
    const why = this.#whyNot(process);
    if (why !== undefined) return { state: "skipped", reason: why, memory };
    const scan = this.#scan(process);
    if ("state" in scan) return scan;
    const { counts } = scan;
    if (counts !== null) {
      const histogram = this.#classify(process, scan, counts);
      if (finish !== undefined) {
        return this.#finish(finish, process, { ...scan, counts, histogram });
      }
    }
    return {
      state: "open",
      counted: counts !== null,
      windowAgeMs: performance.now() - scan.windowStartMs,
      open: this.#keepOpen(process, counts),
      memory: this.#memoryOf(process, scan),
    };
  }

  /** Why the process is left alone, asked in the first step of a round. */
  #whyNot({ dirFd }: OpenedProcess): Reason | undefined {
    const { open, swapThresholdBytes, needsSwap, isDryRun, memory } = this.#request;
    if (open !== undefined) return undefined;
    const noSwap = needsSwap === true
      ? timed(this.#times, "vmas_us", () => whyNoSwap(dirFd))
      : undefined;
    if (noSwap !== undefined || swapThresholdBytes === undefined) return noSwap;
    const sizes = timed(this.#times, "vmas_us", () => readProcessSizes(dirFd));
    if (sizes === undefined) throw new Gone();
    const outPages = isDryRun && memory !== undefined ? MovedSet.fromData(memory.moved).pages : 0;
    return sizes.rssBytes - outPages * PAGE_SIZE > swapThresholdBytes
      ? undefined
      : because("below_swap_threshold");
  }

  #target({ dirFd }: OpenedProcess, pagemap: Pagemap): ScanTarget {
    const { pid, selection, flags } = this.#request;
    return { pid, dirFd, pagemap, selection, flags, stopped: this.#stopped, rest: this.#rests };
  }

  #scan(process: OpenedProcess): Scan | UnfinishedStep {
    const { tracker: name, memory, open, isDryRun } = this.#request;
    const kind = trackerOf(name);
    const known = memory?.memoryId === process.memoryId ? memory : undefined;
    const { isCounted, goesOn, isSeen } = this.#useOf(known);
    const scanned = isSeen ? new PageCounts() : null;
    const tracker = kind.create(isSeen ? known?.tracker : undefined);
    const pagemap = new Pagemap(process.pagemapFd);
    const { dirFd } = process;
    const target = this.#target(process, pagemap);
    const reads = this.#readsFor(known, dirFd);
    const faults = readProcessStat(dirFd)?.faults;
    if (faults === undefined) return { state: "gone" };
    const cpuBefore = threadCpuUs();
    const outcome = this.#runTracker(tracker, target, scanned);
    this.#scanCpuUs = threadCpuUs() - cpuBefore;
    if (outcome.state === "unfit") return { state: "skipped", reason: outcome.reason };
    if (outcome.state !== "scanned") return { state: outcome.state, memory };
    this.#errors.push(...outcome.errors);
    const { windowStartMs, leftAlone } = outcome;
    // What a dry run has moved is out as long as it is known to be idle.
    const isForgotten = isDryRun === true && !goesOn;
    const moved = MovedSet.fromData(isForgotten ? nothingMoved() : known?.moved ?? nothingMoved());
    const history = this.#historyOf(known, goesOn ? scanned : null, windowStartMs, dirFd);
    const readsBefore = known?.reads ?? reads;
    return {
      kind,
      tracker,
      pagemap,
      counts: isCounted && scanned !== null ? this.#sumOf(open, scanned) : null,
      history,
      moved,
      readsBefore,
      reads,
      windowStartMs,
      target,
      faults,
      leftAlone,
    };
  }

  /** Whether a scan counts in the round, whether the ages go on with it, and whether it is seen. */
  #useOf(known: ProcessMemory | undefined): Record<"isCounted" | "goesOn" | "isSeen", boolean> {
    const { isStale, isFollowed, seenByOthers } = this.#request;
    const isKnown = known !== undefined;
    const isCounted = isKnown && !isStale;
    const goesOn = isCounted || (isKnown && seenByOthers !== undefined);
    return { isCounted, goesOn, isSeen: goesOn || (isKnown && isFollowed === true) };
  }

  /** @param counts null: what it clears nobody knows. */
  #runTracker(tracker: Tracker, target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    const outcome = timed(this.#times, "scan_us", () => tracker.scan(target, counts));
    if (outcome.state !== "scanned" || counts === null) {
      this.#seen.lose();
    } else if (this.#request.isFollowed === true) {
      const startMs = inAllThreads(outcome.windowStartMs);
      timed(this.#times, "classify_us", () => this.#seen.add(counts, startMs));
    }
    return outcome;
  }

  /** To be read while pages are out, and before pages may go: it takes longer than a small scan. */
  #readsFor(known: ProcessMemory | undefined, dirFd: number): ReadCounters | undefined {
    const isOut = known !== undefined && known.moved.numbers.length > 0;
    if (!isOut && this.#request.finish === undefined) return undefined;
    const reads = readReadCounters(dirFd);
    if (reads === undefined) throw new Gone();
    return reads;
  }

  /** The counts of the round. */
  #sumOf(open: OpenProcess | undefined, scanned: PageCounts): PageCounts {
    const before = open?.counts ?? null;
    if (before === null) return scanned;
    const counts = PageCounts.fromData(before);
    timed(this.#times, "classify_us", () => counts.addScan(scanned));
    return counts;
  }

  /** @param scanned null: accesses of unknown age were forgotten. */
  #historyOf(
    known: ProcessMemory | undefined,
    scanned: PageCounts | null,
    windowStartMs: number,
    dirFd: number,
  ): ProcessHistory {
    const { ageIntervalMs, isDryRun = false } = this.#request;
    const startMs = inAllThreads(windowStartMs);
    const history = new ProcessHistory(startMs, known?.history);
    if (ageIntervalMs === undefined) return history;
    if (scanned === null) {
      history.beginAnew(startMs);
      return history;
    }
    const readBack = this.#readBackSince(known, dirFd);
    const others = fromOthers(this.#request.seenByOthers, isDryRun);
    timed(this.#times, "classify_us", () => {
      if (others === undefined) history.add(scanned, startMs, ageIntervalMs, readBack, isDryRun);
      else history.addBehindOthers(others, scanned, startMs, ageIntervalMs, readBack, isDryRun);
      if (isDryRun) scanned.hideIdle((page) => history.ages.isMoved(page));
    });
    return history;
  }

  /** How many of so many pages that are present again may have been read since the last scan. */
  #readBackSince(
    known: ProcessMemory | undefined,
    dirFd: number,
  ): (returned: number) => number {
    return (returned) => {
      if (this.#request.isDryRun === true) return returned;
      const before = known?.scanReads;
      const now = readReadCounters(dirFd);
      if (before === undefined || now === undefined) return returned;
      return mostWaitedFor(returned, before, now, () => runsVirtualMachine(dirFd));
    };
  }

  readonly #stopped = (): boolean => this.#stop.isRaised;
  readonly #rests = (ms: number): void => this.#stop.rest(ms);

  /** @returns the histogram of the counts. */
  #classify(process: OpenedProcess, scan: Scan, counts: PageCounts): Float64Array {
    if (this.#isFirst(scan)) this.#noteReturns(process, scan, counts);
    const histogram = timed(this.#times, "classify_us", () => counts.histogram());
    this.#figures = { ...this.#figures, scanned_bytes: countedPages(histogram) * PAGE_SIZE };
    return histogram;
  }

  /** Whether a scan is the first of its round that counts. */
  #isFirst({ counts }: Scan): boolean {
    return counts !== null && (this.#request.open?.counts ?? null) === null;
  }

  /** Pages that an earlier round moved, that are present now, and were not written anew. */
  #noteReturns({ dirFd }: OpenedProcess, scan: Scan, counts: PageCounts): void {
    const { history, moved, readsBefore, target } = scan;
    if (moved.isEmpty || readsBefore === undefined) return;
    const ranges = timed(this.#times, "vmas_us", () => readRanges(dirFd, this.#request.selection));
    if (ranges === undefined) throw new Gone();
    timed(this.#times, "classify_us", () => {
      moved.keepOnly(ranges);
      history.ages.keepOnly(ranges);
      target.pagemap.forget();
      const cameBack = this.#request.isDryRun === true
        ? takePresent(moved, counts)
        : takeReturned(moved, counts, target, readsBefore);
      if (cameBack === undefined) throw new Gone();
      this.#figures = { ...this.#figures, came_back_bytes: cameBack * PAGE_SIZE };
    });
  }

  #memoryOf({ memoryId }: OpenedProcess, scan: Scan): ProcessMemory {
    const { tracker, history, moved, readsBefore, reads } = scan;
    return {
      memoryId,
      tracker: tracker.memory(),
      ...(this.#request.ageIntervalMs === undefined
        ? {}
        : { history: history.toData(), scanReads: reads }),
      moved: moved.toData(),
      reads: this.#isFirst(scan) ? reads : readsBefore ?? reads,
    };
  }

  /** What the last scan has left of a process whose finisher has rested. */
  #goOn(process: OpenedProcess, { scannedMs, faults }: RestingStep): CountedScan {
    const { memory, open, tracker: name } = this.#request;
    const kind = trackerOf(name);
    const pagemap = new Pagemap(process.pagemapFd);
    const counts = PageCounts.fromData(open!.counts!);
    return {
      kind,
      tracker: kind.create(memory!.tracker),
      pagemap,
      counts,
      histogram: new Float64Array(256),
      history: new ProcessHistory(scannedMs, memory!.history),
      moved: MovedSet.fromData(memory!.moved),
      readsBefore: memory!.reads,
      reads: memory!.scanReads,
      windowStartMs: inThisThread(scannedMs),
      target: this.#target(process, pagemap),
      faults,
      leftAlone: undefined,
    };
  }

  #scannedProcess(process: OpenedProcess, scan: CountedScan): ScannedProcess {
    const { kind, pagemap, counts, histogram, moved } = scan;
    const { pid, resting, stallLimitPercent } = this.#request;
    return {
      pid,
      stallLimitPercent,
      tid: process.tid,
      dirFd: process.dirFd,
      memoryId: process.memoryId,
      pagemap,
      tracker: kind,
      counts,
      histogram,
      faults: scan.faults,
      scannedMs: inAllThreads(scan.windowStartMs),
      scanCpuMs: this.#scanCpuUs / 1000,
      lookAgain: () => this.#lookAgain(scan),
      history: scan.history,
      moved,
      // What a dry run moves is present for others.
      forOthers: this.#request.isDryRun === true ? new SeenPages() : this.#seen,
      leftAlone: resting === undefined
        ? this.#leftAlone(process, scan, countedPages(histogram) * PAGE_SIZE)
        : new Map(),
      times: this.#times,
      errors: this.#errors,
      stopped: this.#stopped,
      rest: this.#rests,
      keepOpen: () => this.#keepOpen(process, null),
    };
  }

  #finish(order: Order, process: OpenedProcess, scan: CountedScan): StepOutcome<Result> {
    const scanned = this.#scannedProcess(process, scan);
    const result = this.#finisher(scanned, order, this.#request.resting?.state);
    if (typeof result === "string") {
      this.#staysOpen = false;
      if (result === "gone") return { state: "gone" };
      return { state: "stopped", memory: this.#memoryOf(process, scan) };
    }
    if ("restMs" in result) return this.#rest(process, scan, result);
    this.#noteLooks(scan, process.dirFd);
    return {
      state: "finished",
      windowAgeMs: performance.now() - scan.windowStartMs,
      result,
      memory: this.#memoryOf(process, scan),
    };
  }

  /** The ages stay as the finisher knows them until it is over. */
  #rest(
    process: OpenedProcess,
    scan: CountedScan,
    { restMs, state, ends }: Rest<Result>,
  ): RestStep<Result> {
    const memory = this.#memoryOf(process, scan);
    const looks = this.#looks;
    return {
      state: "resting",
      restMs,
      open: this.#keepOpen(process, scan.counts),
      memory,
      resting: {
        state,
        scannedMs: inAllThreads(scan.windowStartMs),
        faults: scan.faults,
        looks: looks && { ...looks, counts: looks.counts.toData() },
      },
      windowAgeMs: performance.now() - scan.windowStartMs,
      ends,
    };
  }

  #lookAgain({ tracker, target }: Scan): PageCounts | Reason {
    const counts = new PageCounts();
    const outcome = this.#runTracker(tracker, target, counts);
    if (outcome.state === "unfit") return outcome.reason;
    if (outcome.state !== "scanned") {
      return because(outcome.state === "gone" ? "process_gone" : "stopped");
    }
    this.#errors.push(...outcome.errors);
    const windowStartMs = inAllThreads(outcome.windowStartMs);
    if (this.#looks === undefined) this.#looks = { counts: new PageCounts(), windowStartMs };
    this.#looks.counts.addScan(counts);
    this.#looks.windowStartMs = windowStartMs;
    return counts;
  }

  /** What was used while pages moved is not lost for the next scan. */
  #noteLooks({ history }: Scan, dirFd: number): void {
    const { ageIntervalMs, memory } = this.#request;
    if (this.#looks === undefined || ageIntervalMs === undefined) return;
    const { counts, windowStartMs } = this.#looks;
    timed(this.#times, "classify_us", () => {
      history.addLook(counts, windowStartMs, ageIntervalMs, this.#readBackSince(memory, dirFd));
    });
  }

  /** What cannot be read is missing in the account, and keeps nothing from moving. */
  #leftAlone(
    { dirFd }: OpenedProcess,
    { leftAlone = new Map() }: Scan,
    countedBytes: number,
  ): Map<Reason, number> {
    const { selection, flags } = this.#request;
    try {
      const notSelected = timed(this.#times, "vmas_us", () => readNotSelected(dirFd, selection));
      if (notSelected === undefined) throw new Gone();
      const all = new Map([...notSelected, ...leftAlone]);
      if (flags.swapFlag) tally(all, because("not_marked"), unmarkedBytes(dirFd, countedBytes));
      return all;
    } catch (error) {
      if (error instanceof Gone || isGone(error)) throw error;
      this.#errors.push(messageOf(error));
      return new Map(leftAlone);
    }
  }

  #keepOpen({ tid, dirFd, pagemapFd }: OpenedProcess, counts: PageCounts | null): OpenProcess {
    this.#staysOpen = true;
    return { tid, dirFd, pagemapFd, counts: counts?.toData() ?? null };
  }
}

/** Base pages in a histogram of counts. */
function countedPages(histogram: Float64Array): number {
  return histogram.reduce((sum, pages) => sum + pages, 0);
}

/** Which VMAs are marked only the kernel knows: the rest is what it did not report. */
function unmarkedBytes(dirFd: number, markedBytes: number): number {
  const present = readAnonymousBytes(dirFd);
  if (present === undefined) throw new Gone();
  return present - markedBytes;
}

/** Its arrays are handed to another thread afterwards: each process needs its own. */
function nothingMoved(): MovedSetData {
  return { numbers: new Float64Array(0), bits: new Uint32Array(0) };
}

/**
 * Does one step of a round for one process. Runs in a worker: it may stay in the kernel for long.
 * @param finisher what follows the last scan.
 * @throws {SystemCallError | ProcfsError} when the process cannot be worked on; its descriptors are
 * closed then.
 */
export function runScanStep<Order, Result extends object>(
  request: ScanStepRequest<Order>,
  finisher: Finisher<Order, Result>,
): ScanStepReply<Result> {
  const memory = request.memory === undefined ? undefined : unpackMemory(request.memory);
  const reply = new ScanStep({ ...request, memory }, finisher).run();
  if (!("memory" in reply) || reply.memory === undefined) return reply;
  return { ...reply, memory: packMemory(reply.memory) };
}
