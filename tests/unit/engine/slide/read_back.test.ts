import { afterAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { PageAges } from "../../../../src/tracker/page_ages.ts";
import { unpackMemory } from "../../../../src/engine/round/packed_memory.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { runScanStep } from "../../../../src/engine/round/run_scan_step.ts";
import type { KeptMemory, ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import type { FigureGains } from "../../../../src/status/round_figures.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const MIB = 2 ** 20;
const SIZE_MIB = 32;
const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`what was read back: left out: ${missing}`);

/** A step of a round with one scan. */
function step(
  { pid }: AddressSpace,
  { dirFd }: OpenProcess,
  more: Partial<ScanStepRequest<MoveOrder>>,
) {
  return runScanStep({
    pid,
    startTicks: readProcessStat(dirFd)!.startTicks,
    tracker: "smaps",
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    isStale: false,
    ageIntervalMs: 1000,
    stop: new StopFlag().words,
    ...more,
  }, moveCold);
}

/** How many pages the ages of a process are about. */
function knownPages(memory: KeptMemory): number {
  const { history } = unpackMemory(memory);
  const population = PageAges.fromData(history!.ages).population();
  return population.reduce((sum, { pages }) => sum + pages, 0);
}

/** The round that moves all of the target's memory. */
function moveAll(target: AddressSpace, opened: OpenProcess): KeptMemory {
  const first = step(target, opened, {});
  if (first.state !== "open") throw new Error(first.state);
  const { open, memory } = first;
  const finish = { mover: "process_madvise", coldThreshold: 1 } as const;
  const reply = step(target, opened, { open, memory, finish });
  if (reply.state !== "finished") throw new Error(reply.state);
  expect(readProcessSizes(opened.dirFd)!.swapBytes).toBeGreaterThan(SIZE_MIB * MIB * 0.95);
  return reply.memory;
}

/** The next round, which moves nothing. @returns bytes, and what is remembered. */
function cameBack(
  target: AddressSpace,
  opened: OpenProcess,
  memory: KeptMemory,
): { bytes: number; memory: KeptMemory } {
  const finish = { mover: "process_madvise", coldThreshold: 0 } as const;
  const reply = step(target, opened, { memory, finish });
  if (reply.state !== "finished") throw new Error(reply.state);
  const figures: FigureGains = reply.figures;
  return { bytes: figures.came_back_bytes ?? 0, memory: reply.memory };
}

describe.skipIf(missing !== undefined)("what came back is what was read back", () => {
  test("not what was given up and written anew", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    const memory = moveAll(target, opened);
    await target.tell("purge");
    expect(readProcessSizes(opened.dirFd)!.rssBytes).toBeGreaterThanOrEqual(SIZE_MIB * MIB);
    // A page of its code or stack may have gone, and be read.
    expect(cameBack(target, opened, memory).bytes).toBeLessThan(MIB / 4);
  });

  test("all of what was read, and that once", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    const memory = moveAll(target, opened);
    await target.tell("read");
    const back = cameBack(target, opened, memory);
    expect(back.bytes).toBeGreaterThan(SIZE_MIB * MIB * 0.95);
    // Nothing of it is left to be told of.
    expect(cameBack(target, opened, back.memory).bytes).toBe(0);
  });

  test("also across a round in which it was still out", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    const still = cameBack(target, opened, moveAll(target, opened));
    expect(still.bytes).toBeLessThan(MIB / 4);
    await target.tell("read");
    expect(cameBack(target, opened, still.memory).bytes).toBeGreaterThan(SIZE_MIB * MIB * 0.95);
  });

  test("of both, the part that was read", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    const memory = moveAll(target, opened);
    await target.tell("mixed");
    const { bytes } = cameBack(target, opened, memory);
    expect(bytes).toBeGreaterThan(SIZE_MIB / 2 * MIB * 0.95);
    expect(bytes).toBeLessThan(SIZE_MIB / 2 * MIB + MIB / 4);
  });

  test("and what is not mapped any more is forgotten", async () => {
    await using target = await AddressSpace.start("alone", SIZE_MIB);
    using opened = new OpenProcess(target.pid);
    const memory = moveAll(target, opened);
    expect(knownPages(memory)).toBeGreaterThan(SIZE_MIB * MIB / PAGE_SIZE * 0.95);
    await target.tell("unmap");
    const left = cameBack(target, opened, memory);
    expect(knownPages(left.memory)).toBeLessThan(MIB / PAGE_SIZE);
  });
});
