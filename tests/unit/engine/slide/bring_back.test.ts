import { afterAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import type { RestoreAccount, RestoreLimits } from "../../../../src/engine/engine.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const SIZE = 8 * MIB;
const swap = TemporarySwap.make(64 * MIB);
afterAll(() => {
  engineContext.workers.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`bringBack(): left out: ${missing}`);

/** How much of the target's area is in swap. */
function swappedBytes({ pid, area }: TargetProcess): number {
  using opened = new OpenProcess(pid);
  const [from, to] = [pageOf(area.start), pageOf(area.end)];
  opened.pagemap.load(from, to);
  let pages = 0;
  for (let page = from; page < to; page++) if (opened.pagemap.isSwapped(page)) pages++;
  return pages * PAGE_SIZE;
}

/** A task that has moved all of its targets, and was stopped. */
async function movedTrial(...targets: TargetProcess[]): Promise<SlideTrial> {
  const description = project();
  const trial = await SlideTrial.start(description, task({ type: "pid", pid: targets[0]!.pid }));
  await trial.untilFirst();
  await trial.engine.stopTask("t");
  return trial;
}

interface Options {
  readonly limits?: Partial<RestoreLimits>;
  readonly signal?: AbortSignal;
  readonly progress?: (bytes: number) => void;
}

function bringBack(trial: SlideTrial, options: Options = {}): Promise<RestoreAccount> {
  return trial.engine.bringBack!("t", {
    limits: { keepFreePercent: 1, ...options.limits },
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? (() => {}),
  });
}

async function outBytes(trial: SlideTrial): Promise<number> {
  const { bytes, isWhole } = await trial.engine.countOut!("t", performance.now() + 10_000);
  expect(isWhole).toBe(true);
  return bytes;
}

describe.skipIf(missing !== undefined)("bringBack() of slide", () => {
  test("brings all back that a stopped task has moved, and nothing is out then", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = await movedTrial(target);
    expect(swappedBytes(target)).toBeGreaterThan(SIZE * 0.95);
    const out = await outBytes(trial);
    expect(out).toBeGreaterThanOrEqual(swappedBytes(target));
    expect(await bringBack(trial)).toEqual({
      backBytes: out,
      leftBytes: 0,
      reasons: [],
      endedProcesses: 0,
    });
    expect(swappedBytes(target)).toBe(0);
    expect(await target.target.verify()).toBe(0);
    expect(await outBytes(trial)).toBe(0);
  });

  test("knows what was moved before a second start, and what came back by itself", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = await movedTrial(target);
    const out = await outBytes(trial);
    await trial.engine.startTask("t");
    await trial.engine.stopTask("t");
    expect(await outBytes(trial)).toBe(out);
    // It reads all of its area.
    const area = swappedBytes(target);
    expect(await target.target.verify()).toBe(0);
    const { backBytes } = await bringBack(trial);
    expect(backBytes).toBeLessThanOrEqual(out - area);
  });

  test("keeps what a stop finds in the middle of a round", async () => {
    // Its page faults let no round pass it over.
    using target = await TargetProcess.start({ hot: "none", churn: true });
    const one = task({ type: "pid", pid: target.pid });
    await using trial = await SlideTrial.start(project({ loop: 2 }), one);
    // All is out: what others who take swap space away have brought back goes again.
    await trial.untilRound("to wait between two scans", ({ number, state, scanned_bytes }) => {
      return number > 1 && state === "running" && scanned_bytes > 0 &&
        swappedBytes(target) > SIZE * 0.95;
    });
    await trial.engine.stopTask("t");
    expect(swappedBytes(target)).toBeGreaterThan(SIZE * 0.95);
    expect(await outBytes(trial)).toBeGreaterThanOrEqual(swappedBytes(target));
  });

  test("leaves alone what would take MemAvailable below --keep-free, and says so", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = await movedTrial(target);
    const before = swappedBytes(target);
    const leftBytes = await outBytes(trial);
    expect(await bringBack(trial, { limits: { keepFreePercent: 99 } })).toEqual({
      backBytes: 0,
      leftBytes,
      reasons: ["MemAvailable would not stay above 99 % of MemTotal (--keep-free)"],
      endedProcesses: 0,
    });
    expect(swappedBytes(target)).toBe(before);
  });

  test("keeps to its rate, and what is back when it is interrupted stays", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = await movedTrial(target);
    const out = await outBytes(trial);
    const controller = new AbortController();
    const begin = performance.now();
    let seen = 0;
    const account = await bringBack(trial, {
      limits: { bytesPerSecond: MIB },
      signal: controller.signal,
      progress: (bytes) => {
        seen = bytes;
        if (bytes >= MIB / 2) controller.abort();
      },
    });
    const seconds = (performance.now() - begin) / 1000;
    expect(account).toMatchObject({ backBytes: seen, leftBytes: out - seen });
    expect(account.reasons).toEqual(["stopped"]);
    expect(seen).toBeLessThanOrEqual(MIB * seconds);
    expect(await bringBack(trial)).toMatchObject({ backBytes: out - seen, leftBytes: 0 });
    expect(swappedBytes(target)).toBe(0);
    expect(await target.target.verify()).toBe(0);
  });

  test("takes a process that has ended, or executes a program, for no error", async () => {
    using ends = await TargetProcess.start({ hot: "none" });
    await using trial = await movedTrial(ends);
    await ends.end();
    const nothing = { backBytes: 0, leftBytes: 0, reasons: [], endedProcesses: 1 };
    expect(await bringBack(trial)).toEqual(nothing);
    using execs = await TargetProcess.start({ hot: "none" });
    await using other = await movedTrial(execs);
    await execs.exec();
    expect(await bringBack(other)).toEqual(nothing);
    expect(await outBytes(other)).toBe(0);
  });

  test("knows nothing of what a dry run would have moved", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const description = project();
    await using trial = await SlideTrial.make(
      description,
      task({ type: "pid", pid: target.pid }),
    );
    await trial.engine.startTask("t", { isDryRun: true });
    await trial.untilFirst();
    await trial.engine.stopTask("t");
    expect(await outBytes(trial)).toBe(0);
  });
});
