import { afterAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { closeProcess } from "../../../../src/engine/round/opened_process.ts";
import { unpackMemory } from "../../../../src/engine/round/packed_memory.ts";
import { runScanStep } from "../../../../src/engine/round/run_scan_step.ts";
import type { Finisher } from "../../../../src/engine/round/scanned_process.ts";
import type { ProcessGains } from "../../../../src/engine/round/process_gains.ts";
import type { ScanStepReply, ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { PageAges } from "../../../../src/tracker/page_ages.ts";
import { accountFaults } from "../../../tools/fixtures/account_faults.ts";
import { openDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const MIB = 2 ** 20;
const AREA_BYTES = 8 * MIB;
const AREA_PAGES = AREA_BYTES / PAGE_SIZE;

const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`runScanStep(): left out what moves memory: ${missing}`);

const MOVE = { mover: "process_madvise", coldThreshold: 1 } as const;

type Request = ScanStepRequest<MoveOrder>;
type Reply = ScanStepReply<ProcessGains>;
type Open = Extract<Reply, { state: "open" }>;
type Finished = Extract<Reply, { state: "finished" }>;

/** A step with the finisher of slide. */
function step(request: Request): Reply {
  return runScanStep(request, moveCold);
}

function requestFor(trial: TargetProcess, more: Partial<Request> = {}): Request {
  return {
    pid: trial.pid,
    startTicks: readProcessStat(trial.process.dirFd)!.startTicks,
    tracker: "smaps",
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    isStale: false,
    stop: new StopFlag().words,
    ...more,
  };
}

function expectOpen(reply: Reply): Open {
  if (reply.state !== "open") throw new Error(`the step ended: ${JSON.stringify(reply)}`);
  return reply;
}

/** The figures that add up, and what is kept of the process. */
function expectFinished(reply: Reply): { round: RoundStatus; memory: Finished["memory"] } {
  if (reply.state !== "finished") {
    throw new Error(`the step did not move: ${JSON.stringify(reply)}`);
  }
  const record = new RoundRecord(1);
  record.add(reply);
  record.addFigures(reply.result.figures);
  expect(accountFaults(record.status)).toEqual([]);
  return { round: record.status, memory: reply.memory };
}

/** A step of the same round, behind `before`. */
function goOn(request: Request, before: Open, more: Partial<Request> = {}): Reply {
  const { open, memory } = before;
  return step({ ...request, open, memory, ...more });
}

function closeOpen({ open }: Open): void {
  closeProcess(open);
}

describe("runScanStep()", () => {
  test("does not count the accesses of a process that it does not know", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const reply = expectOpen(step(requestFor(trial, { finish: MOVE })));
    expect(reply).toMatchObject({ counted: false, figures: {}, errors: [] });
    expect(reply.open.counts).toBeNull();
    expect(reply.windowAgeMs).toBeGreaterThanOrEqual(0);
    closeOpen(reply);
  });

  test("counts scan after scan, and accounts for each", async () => {
    using trial = await TargetProcess.start({ hot: "every:2", flush: true });
    const request = requestFor(trial);
    let reply = expectOpen(step(request));
    for (let scans = 0; scans < 2; scans++) {
      await trial.untilTouched();
      reply = expectOpen(goOn(request, reply));
      expect(reply.counted).toBe(true);
      expect(reply.figures.scanned_bytes).toBeGreaterThanOrEqual(AREA_BYTES);
      expect(reply.times.scan_us).toBeGreaterThan(0);
    }
    const { chunkUsed } = reply.open.counts!;
    expect(chunkUsed).toBeGreaterThanOrEqual(AREA_PAGES);
    closeOpen(reply);
  });

  test("forgets the accesses so far when another task has scanned meanwhile", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial);
    const first = expectOpen(step(request));
    closeOpen(first);
    const { memory } = first;
    const known = expectOpen(step({ ...request, memory }));
    expect(known.counted).toBe(true);
    closeOpen(known);
    const stale = expectOpen(
      step({ ...request, memory: known.memory, isStale: true }),
    );
    expect(stale.counted).toBe(false);
    closeOpen(stale);
  });

  test("goes on with ages by what another task has seen meanwhile", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial, { ageIntervalMs: 1000 });
    const areaPage = trial.area.start / PAGE_SIZE;
    /** A step behind others: what is remembered then, and what it has seen. */
    const next = (more: Partial<Request>) => {
      const reply = expectOpen(step({ ...request, ...more }));
      closeOpen(reply);
      return { ...reply, ages: PageAges.fromData(unpackMemory(reply.memory).history!.ages) };
    };
    // Each task knows the process before the other scans it.
    const mine = next({ memory: next({}).memory });
    const first = next({ memory: next({}).memory, isFollowed: true });
    // reads each page of the area
    expect(await trial.target.verify()).toBe(0);
    const other = next({ memory: first.memory, isFollowed: true });
    expect(other.seen!.used.numbers.length).toBeGreaterThan(0);
    const stale = { memory: structuredClone(mine.memory), isStale: true };
    const goesOn = next({ ...stale, seenByOthers: other.seen });
    expect(goesOn.counted).toBe(false);
    expect(goesOn.ages.ageOf(areaPage)).toBeWithin(0, 1);
    const unseen = { ...other.seen!, used: first.seen!.used };
    const blind = next({ ...stale, memory: mine.memory, seenByOthers: unseen });
    expect(blind.ages.ageOf(areaPage)).toBeGreaterThan(1);
  });

  test("does not tell others what it cannot know: what was used before its first scan", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const first = expectOpen(step(requestFor(trial, { isFollowed: true })));
    closeOpen(first);
    expect(first.seen).toBeUndefined();
    const stale = requestFor(trial, { memory: first.memory, isStale: true, isFollowed: true });
    const second = expectOpen(step(stale));
    closeOpen(second);
    expect(second).toMatchObject({ counted: false });
    expect(second.seen).toBeDefined();
  });

  test("leaves a process alone that is small, and keeps what it knows", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial);
    const first = expectOpen(step(request));
    closeOpen(first);
    const { memory } = first;
    const before = openDescriptors();
    const small = step({ ...request, memory, swapThresholdBytes: 2 ** 40 });
    expect(small).toMatchObject({
      state: "skipped",
      reason: "VmRSS is not above swap_threshold",
      memory,
    });
    expect(openDescriptors()).toEqual(before);
    const large = step({ ...request, memory, swapThresholdBytes: MIB });
    closeOpen(expectOpen(large));
  });

  test("answers gone, and leaves nothing open, when the process is another one", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial);
    const before = openDescriptors();
    const other = step({ ...request, startTicks: request.startTicks - 1 });
    expect(other.state).toBe("gone");

    const execed = expectOpen(step(request));
    await trial.exec();
    expect(goOn(request, execed, { finish: MOVE }).state).toBe("gone");

    const unknown = expectOpen(step({ ...request, memory: execed.memory }));
    expect(unknown.counted).toBe(false);
    await trial.end();
    expect(goOn(request, unknown, { finish: MOVE }).state).toBe("gone");
    expect(step(request).state).toBe("gone");
    expect(openDescriptors()).toEqual(before);
  });

  test("answers stopped, and leaves nothing open, when it is told to stop", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial);
    const before = openDescriptors();
    const first = expectOpen(step(request));
    void new StopFlag(request.stop).raise();
    expect(goOn(request, first).state).toBe("stopped");
    expect(step(request).state).toBe("stopped");
    expect(openDescriptors()).toEqual(before);
  });

  test("fails, and leaves nothing open, when it cannot look at a process", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial);
    const first = expectOpen(step(request));
    closeOpen(first);
    const before = openDescriptors();
    // A descriptor that is no folder of a process.
    const open = { tid: trial.pid, dirFd: -2, pagemapFd: -2, counts: null };
    expect(() => step({ ...request, open })).toThrow("EBADF");
    expect(openDescriptors()).toEqual(before);
  });
});

describe.skipIf(missing !== undefined)("runScanStep() after the last scan", () => {
  test("moves what is cold, keeps what is hot, and notices what comes back", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial, { finish: MOVE });
    const before = openDescriptors();
    const first = expectOpen(step(request));
    const { round, memory } = expectFinished(goOn(request, first));
    expect(openDescriptors()).toEqual(before);
    expect(round.cold_bytes).toBeGreaterThanOrEqual(AREA_BYTES);
    expect(round.moved_bytes).toBeGreaterThanOrEqual(AREA_BYTES * 0.99);
    const inSwap = readProcessSizes(trial.process.dirFd)!.swapBytes;
    expect(inSwap).toBeGreaterThanOrEqual(AREA_BYTES * 0.99);

    // Reading all of it brings it back.
    expect(await trial.target.verify()).toBe(0);
    const { round: again } = expectFinished(step({ ...request, memory }));
    expect(again.came_back_bytes).toBeGreaterThanOrEqual(AREA_BYTES * 0.99);
    expect(again.hot_bytes).toBeGreaterThanOrEqual(AREA_BYTES);
    expect(again.asked_bytes).toBeLessThan(AREA_BYTES * 0.1);
  });

  test("moves nothing while MemAvailable is not below sysmem_threshold", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial, { finish: { ...MOVE, sysmemThresholdPercent: 0 } });
    const { round } = expectFinished(goOn(request, expectOpen(step(request))));
    expect(round.asked_bytes).toBe(0);
    expect(round.spared.map(({ reason }) => reason)).toEqual([
      "MemAvailable is not below sysmem_threshold any more",
    ]);
  });

  test("moves as much as brings the process down to dram_percent", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const request = requestFor(trial, { finish: { ...MOVE, dramPercent: 50 } });
    const { round } = expectFinished(goOn(request, expectOpen(step(request))));
    const { rssBytes, swapBytes } = readProcessSizes(trial.process.dirFd)!;
    const share = rssBytes / (rssBytes + swapBytes);
    expect(share).toBeLessThan(0.53);
    expect(share).toBeGreaterThan(0.47);
    expect(round.spared).toMatchObject([{ reason: "dram_percent reached" }]);
  });
});

describe("runScanStep() with a finisher", () => {
  /** The last step of a round of one scan, with this finisher. */
  function finish<Result extends object>(
    trial: TargetProcess,
    finisher: Finisher<string, Result>,
  ): ScanStepReply<Result> {
    const request = requestFor(trial);
    const { open, memory } = expectOpen(step(request));
    return runScanStep({ ...request, open, memory, finish: "do it" }, finisher);
  }

  test("gives it the scanned process and the order, and answers its result", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    const reply = finish(trial, ({ pid, tracker, histogram, stopped }, order) => {
      expect([pid, tracker.name, order, stopped()]).toEqual([trial.pid, "smaps", "do it", false]);
      expect(histogram[0]).toBeGreaterThan(0);
      return { answer: 7 };
    });
    expect(reply).toMatchObject({ state: "finished", result: { answer: 7 } });
    expect(openDescriptors()).toEqual(before);
  });

  test("leaves open what it keeps open, and nothing when it comes to no result", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    const reply = finish(trial, ({ keepOpen }) => ({ open: keepOpen() }));
    if (reply.state !== "finished") throw new Error(reply.state);
    expect(openDescriptors().length).toBe(before.length + 2);
    closeProcess(reply.result.open);
    for (const state of ["gone", "stopped"] as const) {
      const ended = finish(trial, ({ keepOpen }) => {
        keepOpen();
        return state;
      });
      expect(ended.state).toBe(state);
    }
    const fail: Finisher<string, object> = ({ keepOpen }) => {
      keepOpen();
      throw new Error("no");
    };
    expect(() => finish(trial, fail)).toThrow("no");
    expect(openDescriptors()).toEqual(before);
  });
});
