import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { ProcessSweep, sweepAll } from "../../../../src/engine/round/process_sweep.ts";
import type { ProcessQuery, SweptProcesses } from "../../../../src/procfs/find_processes.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { FakeProc } from "../../procfs/fake_processes.ts";

const { workers } = engineContext;
afterAll(() => workers.close());

const byName = (comm: string): ProcessQuery => ({ type: "name", comm });

/** What is found by a task that is not stopped. */
async function find(sweep: ProcessSweep, query: ProcessQuery): Promise<SweptProcesses> {
  const swept = await sweep.find(query, new AbortController().signal);
  if (swept === undefined) throw new Error("the signal did not fire");
  return swept;
}

/** A sweep in a real thread, and the queries of each and when it began. */
function newSweep(
  root: string,
): { sweep: ProcessSweep; swept: (readonly ProcessQuery[])[]; begunMs: number[] } {
  const swept: (readonly ProcessQuery[])[] = [];
  const begunMs: number[] = [];
  const sweep = new ProcessSweep(async (request) => {
    swept.push(request.queries);
    begunMs.push(performance.now());
    return await workers.run("sweep_processes", request);
  }, { proc: root });
  return { sweep, swept, begunMs };
}

test("find() looks once for all tasks that wait, once for each name, and once a second", async () => {
  const processes = Array.from({ length: 500 }, (_, i) => ({
    pid: 10 + i,
    ppid: 1,
    comm: `web${i % 50}`,
  }));
  using proc = new FakeProc(processes);
  const { sweep, swept, begunMs } = newSweep(proc.root);
  const first = await find(sweep, byName("web0"));
  expect(first.found).toHaveLength(10);
  const asked = Array.from({ length: 100 }, (_, i) => find(sweep, byName(`web${i % 50}`)));
  for (const [i, { found }] of (await Promise.all(asked)).entries()) {
    const pids = found.map(({ pid }) => pid - 10).toSorted((a, b) => a - b);
    expect(pids).toEqual(Array.from({ length: 10 }, (_, k) => i % 50 + 50 * k));
  }
  expect(swept.map((queries) => queries.length)).toEqual([1, 50]);
  const [one = 0, other = 0] = begunMs;
  // Timers come up to a millisecond early.
  expect(other - one).toBeGreaterThan(990);
});

test("find() gives each task what it found in a turn of the event loop of its own", async () => {
  using proc = new FakeProc([{ pid: 10, ppid: 1, comm: "web" }]);
  const { sweep } = newSweep(proc.root);
  let turn = 0;
  const count = (): void => {
    turn++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const turns = await Promise.all(
    Array.from({ length: 100 }, (_, i) => find(sweep, byName(`web${i}`)).then(() => turn)),
  );
  clearImmediate(timer);
  expect(new Set(turns).size).toBe(100);
});

test("find() sees what is there when it is asked, not what an earlier sweep saw", async () => {
  using proc = new FakeProc([{ pid: 10, ppid: 1, comm: "web" }]);
  const { sweep } = newSweep(proc.root);
  const first = find(sweep, byName("web"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  proc.add({ pid: 11, ppid: 10, comm: "child" });
  await first;
  expect((await find(sweep, byName("web"))).found.map(({ pid }) => pid)).toEqual([10, 11]);
});

test("find() looks at once for a pid with few descendants, and in a thread for one with many", async () => {
  const children = Array.from({ length: 100 }, (_, i) => ({ pid: 20 + i, ppid: 11 }));
  using proc = new FakeProc([{ pid: 10, ppid: 1 }, { pid: 11, ppid: 1 }, ...children]);
  const { sweep, swept } = newSweep("/proc");
  // Not this process: what other tests have started may be many.
  const sleeper = Bun.spawn(["sleep", "600"]);
  try {
    expect((await find(sweep, { type: "pid", pid: sleeper.pid })).named).toHaveLength(1);
  } finally {
    sleeper.kill("SIGKILL");
    await sleeper.exited;
  }
  expect(swept).toHaveLength(0);
  const many = newSweep(proc.root);
  expect((await find(many.sweep, { type: "pid", pid: 11 })).found).toHaveLength(101);
  expect(many.swept).toHaveLength(1);
});

test("find() tells each task who could not be looked at, and fails when nobody can", async () => {
  using proc = new FakeProc([{ pid: 10, ppid: 1, comm: "web" }, { pid: 11, ppid: 1, comm: "web" }]);
  rmSync(`${proc.root}/10/stat`);
  mkdirSync(`${proc.root}/10/stat`);
  const { sweep, swept } = newSweep(proc.root);
  const searches = await Promise.all([1, 2].map(() => find(sweep, byName("web"))));
  expect(swept).toHaveLength(1);
  for (const { found, unreadable } of searches) {
    expect(found.map(({ pid }) => pid)).toEqual([11]);
    expect(unreadable.map(({ pid, error }) => [pid, error.message])).toEqual([
      [10, expect.stringContaining("EISDIR")],
    ]);
  }
  const missing = newSweep(`${proc.root}/nothing`);
  let failure: unknown;
  try {
    await find(missing.sweep, byName("web"));
  } catch (error) {
    failure = error;
  }
  expect(String(failure)).toContain("ENOENT");
});

test("find() ends when its task is stopped, and the others' searches go on", async () => {
  using proc = new FakeProc([{ pid: 10, ppid: 1, comm: "web" }]);
  const thread = Promise.withResolvers<void>();
  const swept: (readonly ProcessQuery[])[] = [];
  const sweep = new ProcessSweep(async (request) => {
    swept.push(request.queries);
    await thread.promise;
    return sweepAll(request);
  }, { proc: proc.root });
  const [early, late] = [new AbortController(), new AbortController()];
  const begun = sweep.find(byName("web"), early.signal);
  const goesOn = find(sweep, byName("web"));
  await waitFor("a sweep that waits for a thread", () => swept.length === 1);
  const next = sweep.find(byName("db"), late.signal);
  early.abort();
  late.abort();
  expect(await Promise.all([begun, next])).toEqual([undefined, undefined]);
  expect(await sweep.find(byName("web"), late.signal)).toBeUndefined();
  thread.resolve();
  expect((await goesOn).found.map(({ pid }) => pid)).toEqual([10]);
  // Nobody waits for a database any more.
  expect((await find(sweep, byName("web"))).found).toHaveLength(1);
  expect(swept).toEqual([[byName("web")], [byName("web")]]);
});
