import { describe, expect, test } from "bun:test";
import { JobError, WorkerLostError, WorkerPool } from "../../src/worker/pool.ts";
import { waitFor } from "../fixtures/wait_for.ts";
import type { TestJobs } from "./test_jobs.ts";

const ENTRY = new URL("./test_jobs.ts", import.meta.url).href;

function newPool(idleMs?: number, entry = ENTRY): WorkerPool<TestJobs> {
  return new WorkerPool<TestJobs>(entry, idleMs);
}

/** What went wrong with a job. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("WorkerPool", () => {
  test("run() does jobs and hands arrays over instead of copying them", async () => {
    const pool = newPool();
    const numbers = Float64Array.of(1, 2, 3);
    const reply = await pool.run("double", { numbers });
    expect([...reply.numbers]).toEqual([2, 4, 6]);
    expect(numbers).toHaveLength(0);
    pool.close();
  });

  test("run() uses a thread again that is idle, and another one when none is", async () => {
    const pool = newPool();
    await pool.run("double", { numbers: Float64Array.of(1) });
    await pool.run("double", { numbers: Float64Array.of(1) });
    expect(pool.size).toBe(1);
    const word = new Int32Array(new SharedArrayBuffer(8));
    const waiting = [1, 2, 3].map(() => pool.run("wait", { word }));
    await waitFor("three threads at work", 20, () => Atomics.load(word, 1) === 3);
    expect(pool.size).toBe(3);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await Promise.all(waiting);
    expect(pool.size).toBe(3);
    pool.close();
    expect(pool.size).toBe(0);
  });

  test("run() rejects when a job fails, and the thread goes on", async () => {
    const pool = newPool();
    const failure = await failureOf(pool.run("fail", { why: "no reason" }));
    expect(failure).toBeInstanceOf(JobError);
    expect((failure as JobError).message).toBe("no reason");
    expect(pool.size).toBe(1);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    expect(pool.size).toBe(1);
    pool.close();
  });

  test("run() rejects when there is no such job", async () => {
    const pool = newPool();
    const failure = await failureOf(pool.run("sing" as "double", { numbers: Float64Array.of(1) }));
    expect(String(failure)).toContain('Cannot do job "sing": no such job');
    pool.close();
  });

  test("run() rejects when the thread ends at work, and the next job gets another thread", async () => {
    const pool = newPool();
    await pool.run("double", { numbers: Float64Array.of(1) });
    const failure = await failureOf(pool.run("vanish", {}));
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect(String(failure)).toContain("worker failed");
    expect(pool.size).toBe(0);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });

  test("forgets a thread that crashes between two jobs", async () => {
    const pool = newPool();
    await pool.run("crashLater", {});
    await waitFor("the crash", 20, () => pool.size === 0);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });

  test("run() rejects when the thread's module cannot be loaded", async () => {
    const pool = newPool(undefined, new URL("./nothing.ts", import.meta.url).href);
    expect(await failureOf(pool.run("double", { numbers: Float64Array.of(4) })))
      .toBeInstanceOf(WorkerLostError);
    expect(pool.size).toBe(0);
  });

  test("lets threads go that have had no work for long, and only those", async () => {
    const pool = newPool(30);
    const word = new Int32Array(new SharedArrayBuffer(8));
    const waiting = pool.run("wait", { word });
    await pool.run("double", { numbers: Float64Array.of(1) });
    expect(pool.size).toBe(2);
    await waitFor("the idle thread to be let go", 20, () => pool.size === 1);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await waiting;
    await waitFor("the other one to be let go", 20, () => pool.size === 0);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });
});
