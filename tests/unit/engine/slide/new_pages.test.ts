import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { runScanStep } from "../../../../src/engine/round/run_scan_step.ts";
import type { ScannedProcess } from "../../../../src/engine/round/scanned_process.ts";
import type { ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { PAGE_TABLE } from "../../../../src/tracker/tracker_page_table.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import type { VmaSelection } from "../../../../src/tracker/vma_selection.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const MIB = 2 ** 20;
const SIZE_MIB = 64;
const swap = TemporarySwap.make(128 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();

/** Has the target fill its memory anew, and waits without giving up the thread. */
function changeNow(target: AddressSpace, change: "remap" | "purge", dirFd: number): void {
  const faults = (): number => readProcessStat(dirFd)!.faults;
  const before = faults();
  void target.tell(change);
  while (faults() < before + SIZE_MIB * MIB / PAGE_SIZE) Bun.sleepSync(1);
}

/** All memory that may be swapped; the first that asks for it has something happen. */
function selectionWith(happen: () => void): VmaSelection {
  let hasHappened = false;
  return {
    get kind() {
      if (!hasHappened) {
        hasHappened = true;
        happen();
      }
      return "swappable" as const;
    },
  };
}

/** A round whose memory changes between the last scan and the move, or when that scan begins. */
async function moveAfter(
  tracker: ScanStepRequest<MoveOrder>["tracker"],
  change: "remap" | "purge" | "none",
  isInScan = false,
) {
  await using target = await AddressSpace.start("alone", SIZE_MIB);
  using opened = new OpenProcess(target.pid);
  // Until it waits for a command, it may still have a page fault of its own.
  await waitFor("the target to wait", () => {
    return readFileSync(`/proc/${target.pid}/stat`, "latin1").includes(") S ");
  });
  const { startTicks } = readProcessStat(opened.dirFd)!;
  const request: ScanStepRequest<MoveOrder> = {
    pid: target.pid,
    startTicks,
    tracker,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    isStale: false,
    stop: new StopFlag().words,
  };
  const first = runScanStep(request, moveCold);
  if (first.state !== "open") throw new Error(first.state);
  const { open, memory } = first;
  const finish = { mover: "process_madvise", coldThreshold: 1 } as const;
  let looks = 0;
  const beginMs = performance.now();
  const changeAll = (): void => {
    if (change !== "none") changeNow(target, change, opened.dirFd);
  };
  const selection = isInScan ? selectionWith(changeAll) : request.selection;
  const order = { ...request, selection, open, memory, finish };
  const reply = runScanStep(order, (scanned: ScannedProcess) => {
    if (!isInScan) changeAll();
    // What was seen more than a second ago is looked at again: not here, however slow the machine.
    const scannedMs = change === "none" || isInScan ? Infinity : scanned.scannedMs;
    const lookAgain = (): ReturnType<typeof scanned.lookAgain> => (looks++, scanned.lookAgain());
    return moveCold({ ...scanned, scannedMs, lookAgain }, finish);
  });
  if (reply.state !== "finished") throw new Error(reply.state);
  return {
    figures: reply.result.figures,
    looks,
    seconds: (performance.now() - beginMs) / 1000,
    sizes: readProcessSizes(opened.dirFd)!,
  };
}

const noTables = missing ?? PAGE_TABLE.missing();

for (const tracker of [SMAPS, PAGE_TABLE]) {
  const why = missing ?? tracker.missing();
  if (why !== undefined) console.log(`new pages, ${tracker.name}: left out: ${why}`);
  describe.skipIf(why !== undefined)(`moveCold() after the last scan by ${tracker.name}`, () => {
    for (const change of ["remap", "purge"] as const) {
      test(`leaves pages alone that are new since the scan (${change})`, async () => {
        const { figures, looks, sizes } = await moveAfter(tracker.name, change);
        // Clearing has little time between two scans; what it leaves counts as used once more.
        const cold = figures.cold_bytes ?? 0;
        expect(cold).toBeGreaterThan((SIZE_MIB * MIB) / 2);
        expect(looks).toBeGreaterThan(0);
        expect(sizes.swapBytes).toBeLessThan(MIB);
        const used = figures.spared?.get("used since the last scan" as Reason);
        expect(used).toBeGreaterThan(Math.min(cold, SIZE_MIB * MIB) - MIB);
      });
    }

    test("does not look again while there is no page fault", async () => {
      const { figures, looks, seconds } = await moveAfter(tracker.name, "none");
      // What was seen idle a second ago is looked at again in any case.
      expect(looks).toBeLessThanOrEqual(Math.floor(seconds / 0.9));
      expect(figures.moved_bytes).toBeGreaterThan(SIZE_MIB * MIB * 0.9);
    });
  });
}

test.skipIf(noTables !== undefined)(
  "moveCold() looks again after a page fault during the last scan",
  async () => {
    const { looks, sizes } = await moveAfter("page_table", "purge", true);
    expect(looks).toBeGreaterThan(0);
    expect(sizes.swapBytes).toBeLessThan(MIB);
  },
);
