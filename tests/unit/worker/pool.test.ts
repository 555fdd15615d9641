import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  JobError,
  type PoolLimits,
  WorkerLostError,
  WorkerPool,
} from "../../../src/worker/pool.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { TestJobs } from "./test_jobs.ts";

const ENTRY = new URL("./test_jobs.ts", import.meta.url).href;

const WHY = "the kernel holds 2 threads: work waits until it lets one go";

function newPool(limits: Partial<PoolLimits> = {}, entry = ENTRY): WorkerPool<TestJobs> {
  return new WorkerPool<TestJobs>(entry, limits);
}

/** Jobs that wait until they are released, how many have begun, and what they end with. */
class HeldJobs {
  readonly #pool: WorkerPool<TestJobs>;
  readonly #word = new Int32Array(new SharedArrayBuffer(8));
  readonly ends: Promise<unknown>[] = [];

  constructor(pool: WorkerPool<TestJobs>) {
    this.#pool = pool;
  }

  get begun(): number {
    return Atomics.load(this.#word, 1);
  }

  add(signal?: AbortSignal): void {
    this.ends.push(failureOf(this.#pool.run("wait", { word: this.#word }, signal)));
  }

  async release(): Promise<unknown[]> {
    Atomics.store(this.#word, 0, 1);
    Atomics.notify(this.#word, 0);
    return await Promise.all(this.ends);
  }
}

/** Processes that compute all the time. */
class BusyCpus implements Disposable {
  readonly #processes: readonly Bun.Subprocess[];

  constructor(count: number) {
    this.#processes = Array.from(
      { length: count },
      () => Bun.spawn(["sh", "-c", "while :; do :; done"]),
    );
  }

  [Symbol.dispose](): void {
    for (const busy of this.#processes) busy.kill("SIGKILL");
  }
}

/** A FIFO: who opens it to read is held until it is released. */
class Fifo implements Disposable {
  readonly #folder = new ScratchFolder();
  readonly path = this.#folder.at("fifo");

  constructor() {
    Bun.spawnSync(["mkfifo", this.path]);
  }

  release(): void {
    closeSync(openSync(this.path, "r+"));
  }

  [Symbol.dispose](): void {
    this.release();
    this.#folder[Symbol.dispose]();
  }
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
    await waitFor("three threads at work", () => Atomics.load(word, 1) === 3);
    expect(pool.size).toBe(3);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await Promise.all(waiting);
    expect(pool.size).toBe(3);
    pool.close();
    expect(pool.size).toBe(0);
  });

  test("run() has jobs wait that may, while enough are at work", async () => {
    const pool = newPool({ mostAtWork: 2 });
    const jobs = new HeldJobs(pool);
    const { signal } = new AbortController();
    for (let i = 0; i < 4; i++) jobs.add(signal);
    await waitFor("two jobs at work", () => jobs.begun === 2);
    expect(pool.size).toBe(2);
    jobs.add();
    await waitFor("one that does not wait", () => jobs.begun === 3);
    expect(pool.size).toBe(3);
    expect(await jobs.release()).toEqual(Array.from({ length: 5 }));
    expect(jobs.begun).toBe(5);
    expect(pool.size).toBe(3);
    pool.close();
  });

  test("run() begins none that was aborted while it waited, and the others in their order", async () => {
    const pool = newPool({ mostAtWork: 1 });
    const jobs = new HeldJobs(pool);
    const { signal } = new AbortController();
    const aborted = new AbortController();
    jobs.add(signal);
    const numbers = Float64Array.of(1);
    const given = failureOf(pool.run("double", { numbers }, aborted.signal));
    const order: number[] = [];
    const later = [0, 1, 2].map(async (i) => {
      await pool.run("double", { numbers: Float64Array.of(i) }, signal);
      order.push(i);
    });
    aborted.abort(new Error("stopped"));
    expect(await given).toEqual(new Error("stopped"));
    expect(numbers).toHaveLength(1);
    expect(await failureOf(pool.run("double", { numbers }, aborted.signal)))
      .toEqual(new Error("stopped"));
    expect(order).toEqual([]);
    await jobs.release();
    await Promise.all(later);
    expect(order).toEqual([0, 1, 2]);
    expect(pool.size).toBe(1);
    pool.close();
  });

  test("run() does not have others wait for a thread that is held for long", async () => {
    const pool = newPool({ mostAtWork: 1, heldMs: 10 });
    const jobs = new HeldJobs(pool);
    const { signal } = new AbortController();
    jobs.add(signal);
    const reply = await pool.run("double", { numbers: Float64Array.of(4) }, signal);
    expect([...reply.numbers]).toEqual([8]);
    expect(jobs.begun).toBe(1);
    await jobs.release();
    const [one, other] = [new HeldJobs(pool), new HeldJobs(pool)];
    one.add(signal);
    await waitFor("a job at work", () => one.begun === 1);
    other.add(signal);
    await waitFor("the next one", () => other.begun === 1);
    await Promise.all([one.release(), other.release()]);
    pool.close();
  });

  test("run() makes no more threads than that when the CPUs are busy", async () => {
    using _ = new BusyCpus(4 * availableParallelism());
    const pool = newPool({ mostAtWork: 2, heldMs: 400 });
    const { signal } = new AbortController();
    const jobs = Array.from({ length: 5 }, () => pool.run("work", { cpuMs: 120 }, signal));
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, pool.size);
    }, 5);
    await Promise.all(jobs);
    clearInterval(timer);
    expect(most).toBe(2);
    pool.close();
  });

  test("run() has jobs wait for threads that the kernel holds when these are too many", async () => {
    using fifo = new Fifo();
    const full: string[] = [];
    const onFull = (why: string): void => void full.push(why);
    const pool = newPool({ mostAtWork: 1, heldMs: 50, onFull });
    const { signal } = new AbortController();
    const ends: Promise<unknown>[] = [];
    for (let held = 1; held <= 2; held++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.push(pool.run("open", { path: fifo.path }, signal, resolve));
      await promise;
    }
    const aborted = new AbortController();
    const given = failureOf(pool.run("double", { numbers: Float64Array.of(1) }, aborted.signal));
    const later = pool.run("double", { numbers: Float64Array.of(4) });
    await waitFor("the pool to be full", () => full.length > 0);
    expect(pool.held).toBe(2);
    expect(pool.whyFull).toBe(WHY);
    aborted.abort(new Error("stopped"));
    expect(await given).toEqual(new Error("stopped"));
    expect(full).toEqual([WHY]);
    // The other job still waits.
    expect(pool.whyFull).toBe(WHY);
    expect(pool.size).toBe(2);
    fifo.release();
    expect([...(await later).numbers]).toEqual([8]);
    await Promise.all(ends);
    expect(pool.whyFull).toBeUndefined();
    expect(pool.held).toBe(0);
    expect(pool.size).toBe(2);
    pool.close();
  });

  test("run() rejects when no thread can be made, and does the next job when one can", async () => {
    let reason: string | undefined = "pthread_create: EAGAIN";
    const pool = newPool({ whyNoThreads: () => reason });
    const failure = await failureOf(pool.run("double", { numbers: Float64Array.of(4) }));
    expect(failure).toEqual(
      new WorkerLostError("no thread can be made now: pthread_create: EAGAIN"),
    );
    expect(pool.size).toBe(0);
    reason = undefined;
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });

  test("a thread that has worked for a while collects what its jobs left behind", async () => {
    const pool = newPool();
    const collections = async (): Promise<number> => (await pool.run("collections", {})).count;
    await pool.run("work", { cpuMs: 300 });
    const first = await collections();
    expect(first).toBeGreaterThan(0);
    expect(await collections()).toBe(first);
    await pool.run("work", { cpuMs: 300 });
    expect(await collections()).toBe(first + 1);
    expect(pool.size).toBe(1);
    pool.close();
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
    await waitFor("the crash", () => pool.size === 0);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });

  test("run() rejects when the thread's module cannot be loaded", async () => {
    const pool = newPool({}, new URL("./nothing.ts", import.meta.url).href);
    expect(await failureOf(pool.run("double", { numbers: Float64Array.of(4) })))
      .toBeInstanceOf(WorkerLostError);
    expect(pool.size).toBe(0);
  });

  test("lets threads go that have had no work for long, and only those", async () => {
    const pool = newPool({ idleMs: 30 });
    const word = new Int32Array(new SharedArrayBuffer(8));
    const waiting = pool.run("wait", { word });
    await pool.run("double", { numbers: Float64Array.of(1) });
    expect(pool.size).toBe(2);
    await waitFor("the idle thread to be let go", () => pool.size === 1);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await waiting;
    await waitFor("the other one to be let go", () => pool.size === 0);
    expect([...(await pool.run("double", { numbers: Float64Array.of(4) })).numbers]).toEqual([8]);
    pool.close();
  });
});
