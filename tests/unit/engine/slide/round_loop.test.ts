import { afterAll, describe, expect, test } from "bun:test";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { openDescriptors, untilOpenDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { expectAccount } from "../../../system/slide_server.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const { scanLock, workers } = engineContext;

const MIB = 2 ** 20;
const swap = TemporarySwap.make(64 * MIB);
afterAll(() => {
  workers.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`RoundLoop: left out: ${missing}`);

const byPid = (trial: TargetProcess) => ({ type: "pid", pid: trial.pid }) as const;

describe.skipIf(missing !== undefined)("a started task", () => {
  test("moves cold memory to swap in its first round, and accounts for it", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    // No second round that ends: it would be in the account too.
    const description = project({ loop: 2, sleepSeconds: 2 });
    await using trial = await SlideTrial.start(description, task(byPid(target)));
    const round = await trial.untilFirst();
    expectAccount(round);
    expect(round).toMatchObject({ processes: 1, skipped: [], scan_errors: 0, came_back_bytes: 0 });
    // what waits in a CPU's batch for the LRU lists, 31 pages at most (PAGEVEC_SIZE),
    // cannot be reclaimed
    expect(round.moved_bytes).toBeGreaterThan(8 * MIB * 0.95);
    expect(round.scanned_bytes).toBeGreaterThanOrEqual(16 * MIB);
    const { swapBytes } = readProcessSizes(target.process.dirFd)!;
    expect(swapBytes).toBeGreaterThan(8 * MIB * 0.95);
    const status = trial.status();
    expect(status).toMatchObject({
      started: true,
      tracker: "smaps",
      mover: "process_madvise",
      total: { rounds: 1, moved_bytes: round.moved_bytes, asked_bytes: round.asked_bytes },
    });
    expect(status.failed).toBeUndefined();
    expect(await target.target.verify()).toBe(0);
  });

  test("leaves hot memory where it is, and goes on round after round", async () => {
    using target = await TargetProcess.start({ hot: "every:2", flush: true });
    // It has to be used in each, on a busy machine too.
    const description = project({ intervalSeconds: 1 });
    await using trial = await SlideTrial.start(description, task(byPid(target)));
    const third = await trial.untilRound("to be the third", ({ number }) => number === 3);
    expect(third.processes).toBe(1);
    const { rounds, total } = trial.status();
    expect(rounds.slice(-3).map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(total.rounds).toBeGreaterThanOrEqual(2);
    for (const round of rounds) {
      expectAccount(round);
      expect(round.asked_bytes).toBeLessThan(MIB);
    }
    const { swapBytes } = readProcessSizes(target.process.dirFd)!;
    expect(swapBytes).toBeLessThan(MIB);
  });

  test("works on all children, several at a time", async () => {
    const options = { hot: "none", children: 4, sizeBytes: 4 * MIB } as const;
    using target = await TargetProcess.start(options);
    const description = task(byPid(target), { maxThreads: 3 });
    await using trial = await SlideTrial.start(project(), description);
    const round = await trial.untilFirst();
    expectAccount(round);
    expect(round.processes).toBe(5);
    expect(round.moved_bytes).toBeGreaterThan(16 * MIB * 0.95);
    expect(await target.target.verify()).toBe(0);
  });

  test("looks for its process again each round until it is there", async () => {
    const comm = `late%${process.pid}`;
    await using trial = await SlideTrial.start(project(), task({ type: "name", comm }));
    expect(await trial.untilFirst()).toMatchObject({
      processes: 0,
      scan_errors: 0,
      skipped: [{ reason: `there is no process named "${comm}"`, processes: 0, pids: [] }],
    });
    using _target = await TargetProcess.start({ hot: "none", name: comm });
    const found = await trial.untilRound("to find it", (round) => round.moved_bytes > 0);
    expect(found.processes).toBe(1);
  });

  test("leaves a process alone that has nothing present, until a page of it is touched", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = await SlideTrial.start(project(), task(byPid(target)));
    const isQuiet = ({ skipped }: RoundStatus): boolean =>
      skipped.some(({ reason }) =>
        reason === "had no memory present that is moved, and no page fault since"
      );
    process.kill(target.pid, "SIGSTOP");
    const quiet = await trial.untilRound("to find nothing", isQuiet);
    expect(quiet).toMatchObject({ processes: 1, scanned_bytes: 0, present_bytes: 0, cpu_us: 0 });
    process.kill(target.pid, "SIGCONT");
    expect(await target.target.verify()).toBe(0);
    const back = await trial.untilRound("to see it back", (one) => {
      return one.number > quiet.number && one.came_back_bytes > 4 * MIB;
    });
    expect(isQuiet(back)).toBe(false);
    const again = await trial.untilRound("to move it again", (one) => {
      return one.number > quiet.number && one.moved_bytes > 4 * MIB;
    });
    expectAccount(again);
  });

  test("leaves processes alone that do not run and have nothing to move, until they run", async () => {
    const options = { hot: "none", children: 1, share: true, sizeBytes: 4 * MIB } as const;
    using target = await TargetProcess.start(options);
    const pids = target.target.processes().map(({ pid }) => pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    await using trial = await SlideTrial.start(project(), task(byPid(target)));
    const settled = ({ skipped }: RoundStatus): number =>
      skipped.find(({ reason }) =>
        reason === "has not run since its last round, which left nothing to move"
      )?.processes ?? 0;
    const quiet = await trial.untilRound("to leave both", (one) => settled(one) === pids.length);
    expect(quiet).toMatchObject({ processes: 2, scanned_bytes: 0, asked_bytes: 0, cpu_us: 0 });
    // It was not empty: what both have stays present.
    const { rounds } = trial.status();
    expect(rounds.some(({ spared }) => spared.length > 0)).toBe(true);
    for (const pid of pids) process.kill(pid, "SIGCONT");
    const back = await trial.untilRound("to look again", (one) => {
      return one.number > quiet.number && one.present_bytes > MIB;
    });
    expect(settled(back)).toBeLessThan(pids.length);
  });

  test("holds back for the thresholds and for T=0, and says so", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const cases = [
      [project({ sysmemThresholdPercent: 0 }), {}, "MemAvailable is not below sysmem_threshold"],
      [project(), { swapThresholdBytes: 2 ** 40 }, "VmRSS is not above swap_threshold"],
      [project(), { coldThreshold: 0 }, "T=0: nothing counts as cold"],
    ] as const;
    for (const [description, keys, reason] of cases) {
      await using trial = await SlideTrial.start(description, task(byPid(target), keys));
      const round = await trial.untilFirst();
      expect(round.skipped).toEqual([{ reason, processes: 1, pids: [target.pid] }]);
      expect(round.asked_bytes).toBe(0);
    }
  });

  test("ends the work on a process quietly that exits or executes another program", async () => {
    using exits = await TargetProcess.start({ hot: "none" });
    using execs = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    {
      const tasks = [
        task(byPid(exits), { name: "exits" }),
        task(byPid(execs), { name: "execs" }),
      ];
      const description = project({ loop: 2, intervalSeconds: 1.5 });
      await using trial = await SlideTrial.start(description, ...tasks);
      // In the middle of the round: one scan is done, others are to come, in 3 s.
      const isScanned = ({ phases }: RoundStatus): boolean => phases.scan_us > 0;
      await trial.untilRound("to have a scan", isScanned, "exits");
      await trial.untilRound("to have a scan", isScanned, "execs");
      await exits.end();
      await execs.exec();
      for (const name of ["exits", "execs"]) {
        const round = await trial.untilFirst(name);
        expectAccount(round);
        expect(round).toMatchObject({ scan_errors: 0, skipped: [], asked_bytes: 0 });
        expect(trial.status(name).failed).toBeUndefined();
      }
      const { rounds } = trial.status("execs");
      expect(rounds.length).toBeGreaterThan(0);
      await trial.untilRound("to move the new one", (round) => round.moved_bytes > 0, "execs");
    }
    await untilOpenDescriptors(before);
    expect(await execs.target.verify()).toBe(0);
  });

  test("waits for the lock when another task works on the process", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const tasks = [task(byPid(target), { name: "a" }), task(byPid(target), { name: "b" })];
    await using trial = await SlideTrial.start(project(), ...tasks);
    const a = await trial.untilFirst("a");
    const b = await trial.untilFirst("b");
    expectAccount(a);
    expectAccount(b);
    // One of them had it first and moved it; the other found it moved.
    expect(a.moved_bytes + b.moved_bytes).toBeGreaterThan(8 * MIB * 0.95);
    expect(Math.min(a.moved_bytes, b.moved_bytes)).toBeLessThan(4 * MIB);
  });
});

describe.skipIf(missing !== undefined)("stopTask()", () => {
  test("leaves nothing open or remembered, wherever the task stands", async () => {
    using target = await TargetProcess.start({ hot: "none", children: 3, sizeBytes: 2 * MIB });
    const before = openDescriptors();
    const stands: ((round: RoundStatus) => boolean)[] = [
      () => true,
      ({ phases }) => phases.scan_us > 0,
      ({ state }) => state === "done",
    ];
    for (const is of stands) {
      const description = project({ intervalSeconds: 1200, sleepSeconds: 1200 });
      const keys = is === stands[2] ? { swapThresholdBytes: 2 ** 40 } : {};
      const trial = await SlideTrial.start(description, task(byPid(target), keys));
      await trial.untilRound("to be where it is stopped", is);
      await trial.engine.stopTask("t");
      const { started, rounds } = trial.status();
      expect(started).toBe(false);
      expect(rounds[0]?.state).not.toBe("running");
      await untilOpenDescriptors(before);
      expect(scanLock.size).toBe(0);
    }
  });

  test("does not wait for another task that has the process", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const description = project({ intervalSeconds: 1200 });
    const tasks = [task(byPid(target), { name: "a" }), task(byPid(target), { name: "b" })];
    await using trial = await SlideTrial.start(description, ...tasks);
    await trial.untilRound("of a to have a scan", ({ phases }) => phases.scan_us > 0, "a");
    await trial.engine.stopTask("b");
    expect(trial.status("b").rounds[0]?.state).toBe("stopped");
    expect(trial.status("a").started).toBe(true);
  });

  test("does not do what still waits for a slot", async () => {
    const options = { hot: "none", children: 20, sizeBytes: 2 * MIB } as const;
    using target = await TargetProcess.start(options);
    const description = project({ intervalSeconds: 1200 });
    const trial = await SlideTrial.start(description, task(byPid(target)));
    await trial.engine.stopTask("t");
    const [round] = trial.status().rounds;
    expect(round).toMatchObject({ state: "stopped", asked_bytes: 0 });
  });

  test("can be followed by another start, with an account that begins anew", async () => {
    using target = await TargetProcess.start({ hot: "every:1" });
    // The round behind the first of each start does not come before it is looked for.
    const description = project({ intervalSeconds: 1, sleepSeconds: 1200 });
    await using trial = await SlideTrial.start(description, task(byPid(target)));
    await trial.untilFirst();
    await trial.engine.stopTask("t");
    const last = trial.status();
    expect(last).toMatchObject({ started: false, total: { rounds: 1 } });
    expect(last.rounds).toHaveLength(1);
    await trial.engine.startTask("t");
    await waitFor("rounds of its own", () => trial.status().rounds.length > 0);
    expect(trial.status()).toMatchObject({ started: true, total: { rounds: 0 } });
  });
});

test.skipIf(missing !== undefined)(
  "the smallest stall_limit of several tasks on a process holds for all of them",
  async () => {
    using target = await TargetProcess.start({ hot: "every:1" });
    const tasks = [
      task(byPid(target), { name: "none" }),
      task(byPid(target), { name: "loose", stallLimitPercent: 5 }),
      task(byPid(target), { name: "tight", stallLimitPercent: 0.2 }),
    ];
    await using trial = await SlideTrial.start(project(), ...tasks);
    const limitOf = (limit: number) => ({ guard }: RoundStatus): boolean =>
      guard?.stall_limit_percent === limit;
    for (const { name } of tasks) await trial.untilRound("to be guarded", limitOf(0.2), name);
    await trial.engine.stopTask("tight");
    for (const name of ["none", "loose"]) {
      const last = trial.status(name).rounds[0]!.number;
      const round = await trial.untilRound(
        "after that to end",
        ({ number, state }) => number > last + 1 && state === "done",
        name,
      );
      expect(round.guard?.stall_limit_percent).toBe(5);
    }
  },
);
