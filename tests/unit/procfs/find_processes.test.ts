import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { findProcesses, type ProcessQuery } from "../../../src/procfs/find_processes.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { FakeProc, type FakeProcess, kernelThread } from "./fake_processes.ts";

const byPid = (pid: number): ProcessQuery => ({ type: "pid", pid });
const byName = (comm: string): ProcessQuery => ({ type: "name", comm });

function fail(pid: number, error: Error): never {
  throw new Error(`process ${pid} could not be looked at`, { cause: error });
}

/** The pids that a query finds in a fake /proc. */
function find(query: ProcessQuery, processes: readonly FakeProcess[]): number[] {
  using proc = new FakeProc(processes);
  return findProcesses(query, fail, proc.root).map(({ pid }) => pid).sort((a, b) => a - b);
}

/** The parent of a real process; undefined when it is gone. */
function parentOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined; // it has ended
  }
}

/** The pids of this machine's. They have no command line, and kthreadd is their parent. */
function kernelThreads(): number[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number)
    .filter((pid) => parentOf(pid) === 2);
}

const machine: readonly FakeProcess[] = [
  { pid: 1, ppid: 0, comm: "systemd" },
  kernelThread(2, "kthreadd"),
  kernelThread(3, "kworker/0:0"),
  { pid: 10, ppid: 1, comm: "mysqld" },
  { pid: 11, ppid: 10, comm: "helper" },
  { pid: 12, ppid: 11, comm: "deep" },
  { pid: 20, ppid: 1, comm: "mysqld" },
  { pid: 30, ppid: 1, comm: "mysqld2" },
  { pid: 40, ppid: 10, comm: "etmemd" },
  { pid: 41, ppid: 40, comm: "child of etmemd" },
  { pid: 42, ppid: 10, comm: "etmemd-engine" },
];

describe("findProcesses()", () => {
  test("leaves out what cannot be looked at, says so, and finds the others", () => {
    using proc = new FakeProc(machine);
    // Reading a folder is EISDIR: the same way as EIO or EACCES.
    for (const broken of ["11/stat", "20/stat", "30/comm"]) {
      rmSync(`${proc.root}/${broken}`);
      mkdirSync(`${proc.root}/${broken}`);
    }
    const unreadable = new Map<number, string>();
    const found = findProcesses(byName("mysqld"), (pid, error) => {
      unreadable.set(pid, error.message);
    }, proc.root);
    expect(found.map(({ pid }) => pid)).toEqual([10]);
    expect([...unreadable].sort(([one], [other]) => one - other)).toEqual([
      [11, 'read "11/stat": EISDIR'],
      [20, 'read "20/stat": EISDIR'],
      [30, 'read "30/comm": EISDIR'],
    ]);
  });

  test("finds all processes of exactly that name, and their descendants", () => {
    expect(find(byName("mysqld"), machine)).toEqual([10, 11, 12, 20]);
    expect(find(byName("mysql"), machine)).toEqual([]);
    expect(find(byName("MYSQLD"), machine)).toEqual([]);
  });

  test("finds a process by pid, and its descendants", () => {
    expect(find(byPid(11), machine)).toEqual([11, 12]);
    expect(find(byPid(99), machine)).toEqual([]);
  });

  test("gives each process once when a named one descends from another", () => {
    const nested = [
      { pid: 10, ppid: 1, comm: "sh" },
      { pid: 11, ppid: 10, comm: "sh" },
      { pid: 12, ppid: 11, comm: "sh" },
    ];
    expect(find(byName("sh"), nested)).toEqual([10, 11, 12]);
  });

  test("does not follow the descendants of pid 1", () => {
    expect(find(byPid(1), machine)).toEqual([1]);
    expect(find(byName("systemd"), machine)).toEqual([1]);
  });

  test("leaves out kernel threads, etmemd servers, their hosts and what descends from them", () => {
    expect(find(byPid(2), machine)).toEqual([]);
    expect(find(byName("kworker/0:0"), machine)).toEqual([]);
    expect(find(byName("etmemd"), machine)).toEqual([]);
    expect(find(byPid(42), machine)).toEqual([]);
    expect(find(byPid(10), machine)).toEqual([10, 11, 12]);
  });

  test("leaves out the dead, but not their children", () => {
    const processes = [
      { pid: 10, ppid: 1, state: "Z" },
      { pid: 11, ppid: 10 },
      { pid: 12, ppid: 10, state: "X" },
    ];
    expect(find(byPid(10), processes)).toEqual([11]);
  });

  test("leaves out a pid that was given to another process between two looks", () => {
    using proc = new FakeProc([{ pid: 10, ppid: 1, comm: "stranger" }]);
    proc.replaceComm(10, "mysqld");
    expect(findProcesses(byName("mysqld"), fail, proc.root)).toEqual([]);
  });

  test("leaves out the number of a thread", () => {
    expect(find(byPid(11), [{ pid: 10, ppid: 1 }, { pid: 11, ppid: 1, tgid: 10 }])).toEqual([]);
  });

  test("gives the start time, which tells a process from another with its pid", () => {
    using proc = new FakeProc([{ pid: 10, ppid: 1, startTicks: 4711 }]);
    expect(findProcesses(byPid(10), fail, proc.root)).toEqual([
      { pid: 10, startTicks: 4711, activity: "0:0:0:0", memoryId: "40960:8192" },
    ]);
  });

  test("ends when parents go round in a circle", () => {
    expect(find(byPid(10), [{ pid: 10, ppid: 11 }, { pid: 11, ppid: 10 }])).toEqual([10, 11]);
  });

  test("finds the children and grandchildren of real processes, whatever they are called", async () => {
    using folder = new ScratchFolder();
    const names = ["a b", "x)", "(y", "n\nl", "%-_."];
    const sleep = Bun.which("sleep");
    if (sleep === null) throw new Error("there is no sleep");
    for (const name of names) {
      copyFileSync(sleep, folder.at(name));
      chmodSync(folder.at(name), 0o700);
    }
    const shell = Bun.spawn(
      ["sh", "-c", 'cd "$0" && for f in *; do ("./$f" 1000; true) & done; read line', folder.path],
      { stdin: "pipe" },
    );
    // The shell, a subshell for each name, and a sleep in each.
    const all = 1 + 2 * names.length;
    const found = await waitFor("all descendants", () => {
      const processes = findProcesses(byPid(shell.pid), fail);
      return processes.length === all && processes;
    });
    expect(found[0]?.pid).toBe(shell.pid);
    expect(new Set(found.map(({ pid }) => pid)).size).toBe(all);
    for (const { pid } of found) process.kill(pid, "SIGKILL");
    await shell.exited;
    expect(findProcesses(byPid(shell.pid), fail)).toEqual([]);
  });

  test("finds real processes by name, with the children of theirs", async () => {
    const name = `t%${process.pid}`;
    using trial = await TargetProcess.start({ name, children: 2, sizeBytes: 2 ** 21 });
    const pids = findProcesses(byName(name), fail).map(({ pid }) => pid);
    expect(pids).toContain(trial.pid);
    expect(pids).toHaveLength(3);
    expect(findProcesses(byName(name.slice(0, -1)), fail)).toEqual([]);
  });

  // A process namespace, as a container has, shows none.
  test.skipIf(kernelThreads().length === 0)("finds no kernel thread of this machine", () => {
    const threads = kernelThreads();
    expect(threads.length).toBeGreaterThan(5);
    expect(threads.flatMap((pid) => findProcesses(byPid(pid), fail))).toEqual([]);
  });

  test("leaves no descriptor open", () => {
    const before = openDescriptors();
    findProcesses(byPid(process.pid), fail);
    findProcesses(byName("no such process"), fail);
    expect(openDescriptors()).toEqual(before);
  });
});
