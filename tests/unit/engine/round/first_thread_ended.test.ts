import { afterAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { closeProcess } from "../../../../src/engine/round/opened_process.ts";
import { runScanStep } from "../../../../src/engine/round/run_scan_step.ts";
import type { ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { findProcesses } from "../../../../src/procfs/find_processes.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { PAGE_TABLE } from "../../../../src/tracker/tracker_page_table.ts";
import type { TrackerName } from "../../../../src/tracker/trackers.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";
import { openDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { threadState } from "../../../tools/fixtures/thread_state.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const MIB = 2 ** 20;
const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`first thread ended: left out: ${missing}`);

type Request = ScanStepRequest<MoveOrder>;

function fail(pid: number, error: Error): never {
  throw new Error(`process ${pid} could not be looked at`, { cause: error });
}

function requestFor(pid: number, tracker: TrackerName): Request {
  const [found] = findProcesses({ type: "pid", pid }, fail);
  if (found === undefined) throw new Error(`process ${pid} is not found`);
  return {
    pid,
    startTicks: found.startTicks,
    tracker,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    isStale: false,
    stop: new StopFlag().words,
  };
}

const step = (request: Request) => runScanStep(request, moveCold);

async function leave(target: AddressSpace): Promise<void> {
  await target.tell("leave");
  await waitFor("the first thread to end", () => threadState(target.pid, target.pid) === "Z");
}

const trackers: TrackerName[] = ["smaps"];
if (PAGE_TABLE.missing() === undefined) trackers.push("page_table");

describe.skipIf(missing !== undefined).each(trackers)(
  "a process whose first thread has ended, by %s",
  (tracker) => {
    test("is found and scanned; what process_madvise cannot reach is spared", async () => {
      await using target = await AddressSpace.start("thread", 16);
      await leave(target);
      const before = openDescriptors();
      const request = requestFor(target.pid, tracker);
      const first = step(request);
      if (first.state !== "open") throw new Error(JSON.stringify(first));
      expect(first.open.tid).toBe(target.other);
      const { open, memory } = first;
      const finish = { mover: "process_madvise", coldThreshold: 1 } as const;
      const reply = step({ ...request, open, memory, finish });
      if (reply.state !== "finished") throw new Error(JSON.stringify(reply));
      const { present_bytes: present = 0, cold_bytes: cold = 0, spared } = reply.result.figures;
      expect(present).toBeGreaterThanOrEqual(16 * MIB);
      expect(cold).toBeGreaterThanOrEqual(16 * MIB);
      const reason =
        "its first thread has ended: process_madvise cannot reach its memory" as Reason;
      expect(spared).toEqual(new Map([[reason, cold]]));
      expect(reply.errors).toEqual([]);
      expect(openDescriptors()).toEqual(before);
    });

    test("goes on being scanned when the thread ends in the middle of a round", async () => {
      await using target = await AddressSpace.start("thread", 16);
      const before = openDescriptors();
      const request = requestFor(target.pid, tracker);
      const first = step(request);
      if (first.state !== "open") throw new Error(JSON.stringify(first));
      expect(first.open.tid).toBe(target.pid);
      await leave(target);
      const second = step({ ...request, open: first.open, memory: first.memory });
      if (second.state !== "open") throw new Error(JSON.stringify(second));
      expect(second.open.tid).toBe(target.other);
      expect(second.figures.scanned_bytes).toBeGreaterThanOrEqual(16 * MIB - PAGE_SIZE);
      closeProcess(second.open);
      expect(openDescriptors()).toEqual(before);
    });
  },
);
