import { afterEach, expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import {
  type ProcessQuery,
  sweepProcesses,
  type SweptProcesses,
} from "../../../src/procfs/find_processes.ts";
import { OwnCgroup } from "../../tools/fixtures/own_cgroup.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { FakeSysfs } from "./fake_nodes.ts";
import { FakeProc, type FakeProcess, kernelThread } from "./fake_processes.ts";

let own = new DisposableStack();
afterEach(() => {
  own.dispose();
  own = new DisposableStack();
});

const inGroup = (path: string): ProcessQuery => ({ type: "cgroup", path });
const pidsOf = ({ found }: Pick<SweptProcesses, "found">): number[] =>
  found.map(({ pid }) => pid).sort((a, b) => a - b);

/** What is found in the group `g` with these lines in its cgroup.procs. */
function sweepGroup(
  processes: readonly FakeProcess[],
  members: readonly number[],
  query = inGroup("g"),
): SweptProcesses {
  const { root: proc } = own.use(new FakeProc(processes));
  const { root: cgroup } = own.use(
    new FakeSysfs({
      "cgroup.controllers": "memory\n",
      "g/cgroup.procs": members.map((pid) => `${pid}\n`).join(""),
      "empty/cgroup.procs": "",
    }),
  );
  return sweepProcesses([query], { proc, cgroup })[0]!;
}

test("sweepProcesses() finds those in a group, and no child of one that is elsewhere", () => {
  const swept = sweepGroup([
    { pid: 10, ppid: 1 },
    { pid: 11, ppid: 10 },
    { pid: 12, ppid: 10 },
    { pid: 20, ppid: 1, comm: "etmemd" },
    kernelThread(3, "kworker"),
  ], [3, 10, 12, 20, 99]);
  expect(pidsOf(swept)).toEqual([10, 12]);
  expect(swept.groups).toEqual({ areMounted: true, matching: 1, foreign: 0 });
  expect(swept.named.filter((one) => one.isServer || one.isKernelThread).map(({ pid }) => pid))
    .toEqual([3, 20]);
});

test("sweepProcesses() tells groups that are empty or foreign from those that are not there", () => {
  const one: FakeProcess[] = [{ pid: 10, ppid: 1 }];
  expect(sweepGroup(one, [0, 0, 10])).toMatchObject({
    found: [{ pid: 10 }],
    groups: { matching: 1, foreign: 2 },
  });
  expect(sweepGroup(one, [10], inGroup("empty")).groups)
    .toEqual({ areMounted: true, matching: 1, foreign: 0 });
  expect(sweepGroup(one, [10], inGroup("none*")).groups)
    .toEqual({ areMounted: true, matching: 0, foreign: 0 });
  const { root: proc } = own.use(new FakeProc(one));
  expect(sweepProcesses([inGroup("g")], { proc, cgroup: "/nowhere" })[0]).toMatchObject({
    found: [],
    groups: { areMounted: false },
  });
});

test("sweepProcesses() leaves out a pid that was given to a process outside of the group", async () => {
  const { root: proc } = own.use(new FakeProc([{ pid: 10, ppid: 1 }, { pid: 11, ppid: 1 }]));
  const tree = own.use(
    new FakeSysfs({ "cgroup.controllers": "", "g/cgroup.procs": "10\n11\n" }),
  );
  // Whoever reads the stat of 11 waits until it has left the group.
  const stat = `${proc}/11/stat`;
  const script = 'exec 3>"$1" && echo 10 >"$2" && cat "$1.saved" >&3';
  renameSync(stat, `${stat}.saved`);
  expect(Bun.spawnSync(["mkfifo", stat]).success).toBe(true);
  const writer = Bun.spawn(["sh", "-c", script, "sh", stat, `${tree.root}/g/cgroup.procs`]);
  const [swept] = sweepProcesses([inGroup("g")], { proc, cgroup: tree.root });
  expect(swept!.named.map(({ pid }) => pid)).toEqual([10]);
  expect(pidsOf(swept!)).toEqual([10]);
  expect(await writer.exited).toBe(0);
});

/** Forks a child all the time, a thousand in a second and more, each of which ends at once. */
const FORKS = "while :; do for i in 1 2 3 4 5 6 7 8 9 10; do : & done; wait; done";

test("sweepProcesses() misses none that stays, while another forks all the time", async () => {
  await using group = OwnCgroup.make(2) ?? OwnCgroup.make(1);
  if (group === undefined) return;
  const started = Bun.spawn([
    "sh",
    "-c",
    `echo $$ > ${group.folder}/cgroup.procs
    sleep 600 & sleep 600 & exec sh -c '${FORKS}'`,
  ]);
  try {
    const members = (): number[] =>
      group.read("cgroup.procs").split("\n").filter(Boolean).map(Number);
    const sleeps = (): number[] =>
      members().filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/comm`, "latin1") === "sleep\n";
        } catch {
          return false; // it has ended
        }
      });
    await waitFor("its processes", () => sleeps().length === 2);
    const stay = [started.pid, ...sleeps()].sort((a, b) => a - b);
    for (let round = 0; round < 50; round++) {
      const [swept] = sweepProcesses([inGroup(group.path)]);
      expect(swept!.unreadable).toEqual([]);
      expect(pidsOf(swept!)).toEqual(expect.arrayContaining(stay) as number[]);
    }
  } finally {
    for (const pid of group.read("cgroup.procs").split("\n").filter(Boolean)) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // it has ended
      }
    }
    await started.exited;
  }
});
