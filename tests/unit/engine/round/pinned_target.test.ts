import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import type { TaskTarget } from "../../../../src/config/task.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { PinnedTarget } from "../../../../src/engine/round/pinned_target.ts";
import { ProcessSweep, sweepAll } from "../../../../src/engine/round/process_sweep.ts";
import type { SkippedProcesses } from "../../../../src/status/round_status.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";
import { FakeProc, kernelThread } from "../../procfs/fake_processes.ts";

const byPid = (pid: number): TaskTarget => ({ type: "pid", pid });
const byName = (comm: string): TaskTarget => ({ type: "name", comm });
const byGroup = (path: string): TaskTarget => ({ type: "cgroup", path });

let number = 0;
let proc: FakeProc;
let groups = "/nowhere";

/** What a round finds, and why it does not. */
async function round(
  target: PinnedTarget,
): Promise<{ pids: number[]; skipped: SkippedProcesses[] }> {
  const record = new RoundRecord(++number);
  const sweep = new ProcessSweep(
    (request) => Promise.resolve(sweepAll(request)),
    { proc: proc.root, cgroup: groups },
  );
  const found = await target.find(
    (query) => sweep.find(query, new AbortController().signal),
    record,
    (pid, error) => record.fail(error, pid),
  );
  expect(record.status.processes).toBe(found.length);
  return { pids: found.map(({ pid }) => pid), skipped: record.status.skipped };
}

const none = (reason: string, pids: number[] = []) => ({
  pids: [],
  skipped: [{ reason, processes: pids.length, pids }],
});

describe("PinnedTarget", () => {
  afterEach(() => proc[Symbol.dispose]());

  const end = (pid: number): void => rmSync(`${proc.root}/${pid}`, { recursive: true });
  const start = (target: TaskTarget): PinnedTarget =>
    new PinnedTarget(target, "project p: task t", proc.root);

  test("never finds a process that gets the pid of the first, until another start", async () => {
    proc = new FakeProc([{ pid: 10, ppid: 1 }, { pid: 11, ppid: 10 }]);
    const target = start(byPid(10));
    expect(await round(target)).toEqual({ pids: [10, 11], skipped: [] });
    proc.add({ pid: 12, ppid: 11 });
    expect((await round(target)).pids).toEqual([10, 11, 12]);
    for (const pid of [10, 11, 12]) end(pid);
    expect(await round(target)).toEqual(none("the process has ended", [10]));
    proc.add({ pid: 10, ppid: 1, startTicks: 4711 });
    proc.add({ pid: 11, ppid: 10, startTicks: 4712 });
    for (let i = 0; i < 3; i++) {
      expect(await round(target)).toEqual(none("the pid is another process now", [10]));
    }
    expect(await round(start(byPid(10)))).toEqual({ pids: [10, 11], skipped: [] });
  });

  test("takes a process that comes later for the first, and a later one for another", async () => {
    proc = new FakeProc([]);
    const target = start(byPid(4194000));
    target.settle();
    expect(await round(target)).toEqual(none("there is no such process", [4194000]));
    proc.add({ pid: 4194000, ppid: 1, startTicks: 100 });
    expect(await round(target)).toEqual({ pids: [4194000], skipped: [] });
    proc.add({ pid: 4194000, ppid: 1, startTicks: 200 });
    expect(await round(target)).toEqual(none("the pid is another process now", [4194000]));
  });

  test("settle() decides before the first round", async () => {
    proc = new FakeProc([{ pid: 10, ppid: 1, startTicks: 100 }]);
    const target = start(byPid(10));
    target.settle();
    proc.add({ pid: 10, ppid: 1, startTicks: 200 });
    expect(await round(target)).toEqual(none("the pid is another process now", [10]));
  });

  test("keeps a process that executes another program", async () => {
    proc = new FakeProc([{ pid: 10, ppid: 1, comm: "sh" }]);
    const target = start(byPid(10));
    expect((await round(target)).pids).toEqual([10]);
    proc.add({ pid: 10, ppid: 1, comm: "java" });
    expect((await round(target)).pids).toEqual([10]);
  });

  test("goes by the name alone with type=name", async () => {
    proc = new FakeProc([{ pid: 10, ppid: 1, comm: "web" }]);
    const target = start(byName("web"));
    expect((await round(target)).pids).toEqual([10]);
    proc.add({ pid: 10, ppid: 1, comm: "web", startTicks: 4711 });
    expect(await round(target)).toEqual({ pids: [10], skipped: [] });
  });

  test("says why there is nothing to work on", async () => {
    proc = new FakeProc([
      kernelThread(2, "kthreadd"),
      { pid: 20, ppid: 1, comm: "etmemd" },
      { pid: 21, ppid: 20, comm: "etmemd-engine" },
      { pid: 30, ppid: 1, comm: "gone", state: "Z" },
    ]);
    const isServer = "an etmemd server is never a target";
    const cases: [TaskTarget, string, number[]?][] = [
      [byPid(99), "there is no such process", [99]],
      [byPid(2), "a kernel thread is never a target", [2]],
      [byPid(20), isServer, [20]],
      [byPid(21), isServer, [21]],
      [byPid(30), "the process has ended", [30]],
      [byName("nosuch"), 'there is no process named "nosuch"'],
      [byName("gone"), 'there is no process named "gone"'],
      [byName("kthreadd"), "a kernel thread is never a target", [2]],
      [byName("etmemd"), isServer, [20]],
    ];
    for (const [target, reason, pids] of cases) {
      expect(await round(start(target))).toEqual(none(reason, pids));
    }
  });

  test("says nothing of what it leaves out when there is something to work on", async () => {
    proc = new FakeProc([kernelThread(3, "worker"), { pid: 10, ppid: 1, comm: "worker" }]);
    expect(await round(start(byName("worker")))).toEqual({ pids: [10], skipped: [] });
  });

  test("does not take a process for absent that cannot be looked at", async () => {
    proc = new FakeProc([{ pid: 10, ppid: 1 }]);
    // Reading a folder is EISDIR: the same way as EIO or EACCES.
    rmSync(`${proc.root}/10/stat`);
    mkdirSync(`${proc.root}/10/stat`);
    const target = start(byPid(10));
    target.settle();
    expect(await round(target)).toEqual(none('read "PID/stat": EISDIR', [10]));
  });

  test("says why there is no process in a control group", async () => {
    using tree = new FakeSysfs({
      "cgroup.controllers": "",
      "a/empty/cgroup.procs": "",
      "a/b\\x2dc/cgroup.procs": "10\n0\n",
      "foreign/cgroup.procs": "0\n",
      "server/cgroup.procs": "20\n",
    });
    proc = new FakeProc([
      { pid: 10, ppid: 1 },
      { pid: 20, ppid: 1, comm: "etmemd" },
    ]);
    const foreign = "some processes of the control groups have no pid in this pid namespace";
    const find = (path: string) => round(start(byGroup(path)));
    groups = "/nowhere";
    expect(await find("a")).toEqual(none("no control groups are mounted at /sys/fs/cgroup"));
    groups = tree.root;
    expect(await find("b\\x*")).toEqual(none('no control group matches "b\\\\x*"'));
    expect(await find("a/e*"))
      .toEqual(none('no process is in the control groups that match "a/e*"'));
    expect(await find("server")).toEqual(none("an etmemd server is never a target", [20]));
    expect(await find("foreign")).toEqual(none(foreign));
    expect(await find("a")).toEqual({
      pids: [10],
      skipped: [{ reason: foreign, processes: 0, pids: [] }],
    });
  });
});
