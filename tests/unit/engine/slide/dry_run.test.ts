import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import type { CompressionEstimate } from "../../../../src/status/histogram.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { TRACKERS } from "../../../../src/tracker/trackers.ts";
import { compile } from "../../../tools/fixtures/compile.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { expectAccount } from "../../../system/slide_server.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

afterAll(() => engineContext.workers.close());

const MIB = 2 ** 20;
const NEVER = new AbortController().signal;
const AREA = 8 * MIB;
const tracker = TRACKERS.find(({ missing, granularity }) =>
  granularity === "page" && missing() === undefined
);
if (tracker === undefined) console.log("dry run: left out: no tracker sees single pages");

/** Rounds of two scans; what is hot has a second in which to be used. */
const description = () =>
  project({ loop: 2, intervalSeconds: 0.5, tracker: tracker!.name, dryRun: true });

const byPid = ({ pid }: TargetProcess) => task({ type: "pid", pid });

/** The round behind another one. */
function after(trial: SlideTrial, { number }: RoundStatus): Promise<RoundStatus> {
  return trial.untilRound(
    `${number + 1} to end`,
    (round) => round.number === number + 1 && round.state === "done",
  );
}

describe.skipIf(tracker === undefined)("a dry run", () => {
  test("accounts for what would move once, and moves nothing", async () => {
    // more than has to be freed for a real move to go on
    const sizeBytes = 32 * MIB;
    using target = await TargetProcess.start({ hot: "first:4", flush: true, sizeBytes });
    await using trial = await SlideTrial.start(description(), byPid(target));
    const first = await trial.untilFirst();
    expectAccount(first);
    expect(first.moved_bytes).toBeGreaterThan(sizeBytes * 3 / 4 * 0.95);
    expect(first.present_bytes).toBeGreaterThan(sizeBytes);
    const second = await after(trial, first);
    expectAccount(second);
    // what is out is neither present nor cold, and is not moved again
    expect(second).toMatchObject({ processes: 1, skipped: [] });
    expect(second.present_bytes).toBeLessThan(sizeBytes / 2);
    expect(second.moved_bytes).toBeLessThan(MIB);
    expect(second.came_back_bytes).toBeLessThan(MIB);
    const { rssBytes, swapBytes } = readProcessSizes(target.process.dirFd)!;
    expect(swapBytes).toBe(0);
    expect(rssBytes).toBeGreaterThan(sizeBytes);
  });

  test("counts what is used again as read back", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const guarded = { ...byPid(target), stallLimitPercent: 100 };
    await using trial = await SlideTrial.start(description(), guarded);
    const first = await trial.untilFirst();
    expect(first.moved_bytes).toBeGreaterThan(AREA * 0.95);
    // reads each page of the area
    expect(await target.target.verify()).toBe(0);
    const back = await trial.untilRound(
      "in which memory came back",
      ({ came_back_bytes: bytes, state }) => bytes > AREA * 0.95 && state === "done",
    );
    expectAccount(back);
    expect(trial.status().total.came_back_bytes).toBeLessThan(AREA * 1.1);
    // 2048 reads of 10 us in some seconds
    const harms = trial.status().rounds.map(({ guard }) => guard?.harm_percent ?? 0);
    expect(Math.max(...harms)).toBeWithin(0.1, 1);
    // which is cold again, and goes again
    await trial.untilRound(
      "in which it goes again",
      ({ number, moved_bytes: bytes }) => number > 1 && bytes > AREA * 0.9,
    );
    expect(readProcessSizes(target.process.dirFd)!.swapBytes).toBe(0);
  });

  test("has its memory shown by age, and cold pages read without a use", async () => {
    const histogramOf = (trial: SlideTrial, estimateCompression: boolean) =>
      trial.engine.histogram!("t", { estimateCompression, signal: NEVER });
    using target = await TargetProcess.start({ hot: "first:4", flush: true });
    await using trial = await SlideTrial.make(description(), byPid(target));
    expect(await histogramOf(trial, true)).toEqual({
      name: "t",
      engine: "slide",
      missing: "the task is stopped",
    });
    await trial.engine.startTask("t");
    const early = await histogramOf(trial, true);
    expect(early.missing).toContain("no round has ended for a process of the task yet");
    const first = await trial.untilFirst();
    const { memory_bytes, out_bytes, ages, compression } = await histogramOf(trial, true);
    expect(memory_bytes).toBe(first.present_bytes);
    expect(out_bytes).toBe(first.moved_bytes);
    expect(ages!.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(memory_bytes!);
    expect(ages![1]!.saved_bytes).toBe(memory_bytes! - ages![0]!.bytes);
    // its pages hold numbers of their own, beside a first word, and nothing else
    const { pages, stored_percent } = compression as CompressionEstimate;
    expect(pages).toBeWithin(500, 1001);
    expect(stored_percent).toBeWithin(0, 101);
    const second = await after(trial, first);
    const third = await after(trial, second);
    // far below the pages that were read
    expect(second.came_back_bytes + third.came_back_bytes).toBeLessThan(100 * PAGE_SIZE);
  });

  test("leaves what the kernel would refuse", async () => {
    const count = 600;
    const executable = compile(join(import.meta.dir, "../../../tools/fixtures/locked_target.c"));
    const child = Bun.spawn([executable, String(count)], { stdout: "pipe" });
    try {
      await child.stdout.getReader().read();
      await using trial = await SlideTrial.start(
        description(),
        task({ type: "pid", pid: child.pid }),
      );
      const first = await trial.untilFirst();
      expectAccount(first);
      expect(first.refused).toEqual([
        { reason: "locked, hugetlb or device memory", bytes: count * PAGE_SIZE },
      ]);
      expect(first.moved_bytes).toBeGreaterThanOrEqual(2 * count * PAGE_SIZE * 0.95);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });
});
