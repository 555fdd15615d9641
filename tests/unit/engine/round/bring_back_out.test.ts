import { afterAll, afterEach, describe, expect, spyOn, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { bringBackOut, countOut } from "../../../../src/engine/round/bring_back_out.ts";
import { OutMemory, type OutProcess } from "../../../../src/engine/round/out_memory.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";
import { JobError } from "../../../../src/worker/pool.ts";

const { workers } = engineContext;
const run = spyOn(workers, "run");
afterEach(() => run.mockReset());
afterAll(() => run.mockRestore());

/** A process of which so many pages are out. */
function outProcess(pid: number, pages: number, from = 2 ** 20): OutProcess {
  const moved = new MovedSet();
  for (let page = from; page < from + pages; page++) moved.add(page);
  return { pid, startTicks: 1, memoryId: "m", moved: moved.toData() };
}

function outOf(...processes: OutProcess[]): OutMemory {
  const out = new OutMemory();
  for (const process of processes) out.putBack(process);
  return out;
}

const ORDER = {
  limits: { keepFreePercent: 1 },
  signal: new AbortController().signal,
  progress: () => {},
};

function inASecond(): number {
  return performance.now() + 1000;
}

/** As the pool does: what was handed over is gone. */
function handOver(request: object): void {
  const { moved } = (request as { process: OutProcess }).process;
  for (const { buffer } of [moved.numbers, moved.bits]) structuredClone(0, { transfer: [buffer] });
}

describe("what is out of a process", () => {
  test("is known still after its count has failed, and counts", async () => {
    const out = outOf(outProcess(1, 3), outProcess(2, 4));
    run.mockImplementation((_job, request) => {
      handOver(request);
      return Promise.reject(new JobError("no descriptors"));
    });
    for (let i = 0; i < 2; i++) {
      expect(await countOut(out, workers, inASecond())).toEqual({
        bytes: 7 * PAGE_SIZE,
        isWhole: false,
      });
    }
  });

  test("counts without a look after the time for that", async () => {
    const out = outOf(outProcess(1, 3), outProcess(2, 4));
    expect(await countOut(out, workers, performance.now())).toEqual({
      bytes: 7 * PAGE_SIZE,
      isWhole: false,
    });
    expect(run).not.toHaveBeenCalled();
    expect(out.keys).toHaveLength(2);
  });

  test("is not waited for while the kernel holds the thread", async () => {
    const out = outOf(outProcess(1, 3));
    run.mockImplementation((_job, request, _signal, onHeld) => {
      handOver(request);
      onHeld?.();
      return new Promise(() => {});
    });
    expect(await countOut(out, workers, inASecond())).toEqual({
      bytes: 3 * PAGE_SIZE,
      isWhole: false,
    });
    expect(await bringBackOut(out, workers, ORDER)).toEqual({
      backBytes: 0,
      leftBytes: 3 * PAGE_SIZE,
      reasons: [expect.stringContaining("process 1: ")],
      endedProcesses: 0,
    });
  });

  test("stays known when it cannot come back, and the others are asked for", async () => {
    const out = outOf(outProcess(1, 3), outProcess(2, 4));
    const asked: number[] = [];
    run.mockImplementation((job, request) => {
      handOver(request);
      if (job === "restore_step") asked.push((request as { process: OutProcess }).process.pid);
      return Promise.reject(new JobError("not permitted"));
    });
    expect(await bringBackOut(out, workers, ORDER)).toEqual({
      backBytes: 0,
      leftBytes: 7 * PAGE_SIZE,
      reasons: ["process 1: not permitted"],
      endedProcesses: 0,
    });
    expect(asked).toEqual([1, 2]);
  });

  test("that is put back is added to what a stop has kept meanwhile", async () => {
    const out = outOf(outProcess(1, 3));
    const taken = out.take(out.keys[0]!)!;
    out.putBack(outProcess(1, 4, 2 ** 21));
    out.putBack(taken);
    expect(MovedSet.fromData(out.take(out.keys[0]!)!.moved).pages).toBe(7);
  });
});
