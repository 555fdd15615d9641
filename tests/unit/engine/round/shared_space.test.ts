import { expect, test } from "bun:test";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { PinnedTarget } from "../../../../src/engine/round/pinned_target.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { TaskLife } from "../../../../src/engine/round/task_life.ts";
import { TaskProcesses } from "../../../../src/engine/round/task_processes.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { task } from "../slide/slide_trial.ts";
import { finishedStep } from "./finished_step.ts";

test("a round works on one of two processes that have one address space", async () => {
  await using target = await AddressSpace.start("shared", 1);
  const pinned = new PinnedTarget({ type: "pid", pid: target.pid }, "project p: task t");
  for (let number = 1; number <= 2; number++) {
    const record = new RoundRecord(number);
    const found = await pinned.find(
      (query) => engineContext.sweep.find(query, new AbortController().signal),
      record,
      (pid, error) => record.fail(error, pid),
    );
    expect(found.map(({ pid }) => pid)).toEqual([target.pid]);
    expect(record.status.processes).toBe(2);
    expect(record.status.skipped).toEqual([
      { reason: "has the address space of another process", processes: 1, pids: [target.other] },
    ]);
  }
});

/** A task that scans a process in rounds of one scan, and notes whether what it knew was void. */
function scannerOf(pid: number, scanLock: ScanLock): () => Promise<boolean> {
  using opened = new OpenProcess(pid);
  const { startTicks, memoryId, activity } = readProcessStat(opened.dirFd)!;
  const found = { pid, startTicks, memoryId, activity };
  let wasStale = false;
  const life = new TaskLife(task({ type: "pid", pid }), SMAPS, "process_madvise");
  const processes = new TaskProcesses(
    life,
    {
      loop: 1,
      intervalMs: 1,
      step: {
        tracker: SMAPS.name,
        selection: { kind: "swappable" },
        flags: { swapFlag: false, ignoreHost: false },
        stop: life.stop.words,
      },
      finish: {},
      runStep: async ({ isStale }) => {
        wasStale = isStale;
        const { memory, ...reply } = finishedStep({});
        return { ...reply, memory: { ...memory, memoryId } };
      },
      takeLate: () => ({}),
    },
    new Semaphore(1),
    scanLock,
  );
  return async () => {
    const scanned = await processes.round(found, new RoundRecord(1));
    scanned?.hold.release(true);
    return wasStale;
  };
}

test("a task knows when another one scanned its address space, by whichever process", async () => {
  await using target = await AddressSpace.start("shared", 1);
  await using lone = await AddressSpace.start("alone", 1);
  const scanLock = new ScanLock();
  const one = scannerOf(target.pid, scanLock);
  const other = scannerOf(target.other, scanLock);
  const third = scannerOf(lone.pid, scanLock);
  const stale: boolean[] = [];
  for (const scan of [one, one, third, one, other, other, one, third]) stale.push(await scan());
  expect(stale).toEqual([true, false, true, false, true, false, true, false]);
});
