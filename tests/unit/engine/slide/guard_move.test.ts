import { afterAll, describe, expect, test } from "bun:test";
import { guardMove } from "../../../../src/engine/slide/guard_move.ts";
import type { ScannedProcess } from "../../../../src/engine/round/scanned_process.ts";
import { ProcessHistory } from "../../../../src/guard/process_history.ts";
import { SwapInTime } from "../../../../src/guard/swap_in_time.ts";
import { newBatch } from "../../../../src/mover/mover.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";
import { HeldAddressSpace } from "../../../../src/procfs/held_address_space.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`guardMove(): left out: ${missing}`);

/** A process whose area was moved, as the guard gets it after the scans of a round. */
function movedProcess({ pid, process, area }: TargetProcess): ScannedProcess {
  const { dirFd, memoryId, pagemap } = process;
  const from = pageOf(area.start);
  const pages = pageOf(area.end) - from;
  const counts = new PageCounts();
  counts.beginScan();
  counts.add(from, pages, 0, false);
  counts.endScan();
  const history = new ProcessHistory(0);
  history.add(counts, 1000, 1000, (returned) => returned);
  const batch = newBatch(pages);
  for (let i = 0; i < pages; i++) {
    batch.page[i] = from + i;
    history.ages.markMoved(from + i);
  }
  batch.size.fill(1);
  batch.count = batch.pages = pages;
  using mover = PROCESS_MADVISE.open({
    pid,
    dirFd,
    space: new HeldAddressSpace(dirFd, pagemap, memoryId),
  });
  mover.pageOut(batch);
  const moved = MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) });
  for (let i = 0; i < pages; i++) moved.add(from + i);
  const forOthers = { moved: new MovedSet(), read: new MovedSet() };
  return { pid, dirFd, memoryId, pagemap, history, moved, forOthers } as Partial<
    ScannedProcess
  > as ScannedProcess;
}

describe.skipIf(missing !== undefined)("guardMove()", () => {
  test("reads a page of the process, and none of the program that it executes now", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const process = movedProcess(trial);
    const swapBytes = (): number => readProcessSizes(process.dirFd)!.swapBytes;
    const before = swapBytes();
    expect(guardMove({ ...process, memoryId: "another" }, 0.1).status).toBeDefined();
    expect(guardMove(process, undefined)).toEqual({ ageScans: 0 });
    expect(swapBytes()).toBe(before);
    // As if more than a second had passed since.
    const later = { ...process.history.toData(), swapIn: new SwapInTime().toData() };
    const history = new ProcessHistory(0, later);
    expect(guardMove({ ...process, history }, 0.1).status).toMatchObject({
      limitPercent: 0.1,
      harmPercent: 0,
    });
    expect(swapBytes()).toBeLessThan(before);
  });
});
