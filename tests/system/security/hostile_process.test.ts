import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { close } from "../../../ffi/libc.ts";
import { readMaps } from "../../../src/procfs/maps.ts";
import { readProcessStat } from "../../../src/procfs/process_stat.ts";
import { readProcessSizes } from "../../../src/procfs/process_memory.ts";
import { findProcesses } from "../../../src/procfs/find_processes.ts";
import { readSmaps } from "../../../src/procfs/smaps.ts";
import { runScanStep } from "../../../src/engine/round/run_scan_step.ts";
import { StopFlag } from "../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../src/engine/slide/move_cold.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { OwnMounts } from "../own_mounts.ts";
import { ask } from "../raw_client.ts";
import { ServerProcess } from "../server_process.ts";
import { HostileProcess } from "./hostile_process.ts";

function notReadable(pid: number, error: Error): never {
  throw new Error(`process ${pid} could not be looked at`, { cause: error });
}

/** Names that mean something where they are read or shown. */
const NAMES: readonly string[] = [
  ") R 1 1 1 0 0 (",
  "a) Z 1 (b",
  "\n1 (x) R 1",
  "x\nVmRSS:\t9 kB",
  "\nTgid:\t1",
  "\x1b[2J\x1b[31m",
  "\r<3>forged",
  "\xff\xfe\x9b",
  "etmem",
];

describe("a process with a hostile name", () => {
  for (const name of NAMES) {
    test(`is found by its pid and read as what it is: ${JSON.stringify(name)}`, async () => {
      using hostile = await HostileProcess.start(name);
      const { pid } = hostile;
      const stat = readProcessStat(hostile.process.dirFd)!;
      const comm = readFileSync(`/proc/${pid}/comm`, "latin1").slice(0, -1);
      expect(Buffer.from(stat.comm)).toEqual(
        Buffer.from(new TextDecoder("latin1").decode(Buffer.from(comm, "latin1"))),
      );
      expect(stat).toMatchObject({
        ppid: process.pid,
        isDead: false,
        isKernelThread: false,
        threads: 1,
      });
      expect(findProcesses({ type: "pid", pid }, notReadable)).toMatchObject([
        { pid, startTicks: stat.startTicks },
      ]);
      const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
      expect(readProcessSizes(hostile.process.dirFd)?.rssBytes).toBe(Number(rss) * 1024);
    });
  }

  test("is found by no name but its own, and not at all by that of a server", async () => {
    using other = await HostileProcess.start("sql\n");
    using server = await HostileProcess.start("etmemd");
    using host = await HostileProcess.start("etmemd-engine");
    const pidsOf = (comm: string): number[] =>
      findProcesses({ type: "name", comm }, notReadable).map(({ pid }) => pid);
    expect(pidsOf("sql")).not.toContain(other.pid);
    expect(pidsOf("etmemd")).toEqual([]);
    expect(pidsOf("etmemd-engine")).toEqual([]);
    for (const { pid } of [server, host]) {
      expect(findProcesses({ type: "pid", pid }, notReadable)).toEqual([]);
    }
  });

  test("leaves no trace of its name in status", async () => {
    using hostile = await HostileProcess.start("\x1b[2J\n<3>x");
    await using server = await ServerProcess.start();
    const file = server.file(
      "hostile.conf",
      `[project]\nname=p\nloop=1\ninterval=1\nsleep=1\n[engine]\nname=slide\nproject=p\n[task]\n` +
        `name=t\nproject=p\nengine=slide\ntype=pid\nvalue=${hostile.pid}\nT=1\n`,
    );
    await server.etmem("obj", "add", "-f", file);
    const answers = [
      (await server.etmem("status")).stdout,
      await ask(server.name, "proj_name - file_name - cmd 4 eng_name - eng_cmd - task_name -"),
    ];
    for (const answer of answers) {
      expect(answer).toContain("p");
      expect(answer).not.toMatch(/[^\P{Cc}\n]|forged|<3>/u);
    }
  });
});

describe("a process with hostile memory", () => {
  test("maps files of any name, and each line is one VMA", async () => {
    using folder = new ScratchFolder();
    const paths = [
      "a\n7f0000000000-7f0000001000 rwxs 00000000 00:00 0 ",
      "b (deleted)",
      "Rss:   1 kB",
      "\x1b[2J\xff",
      " ",
    ].map((name) => folder.at(name));
    using plain = await HostileProcess.start("plain");
    using hostile = await HostileProcess.start("hostile", 0, paths);
    const before = readMaps(plain.process.dirFd)!.length;
    const vmas = readMaps(hostile.process.dirFd)!;
    expect(vmas.length).toBe(before + paths.length);
    expect(vmas.filter(({ inode, write, execute }) => inode !== 0 && write && !execute).length)
      .toBeGreaterThanOrEqual(paths.length);
    const smaps = readSmaps(hostile.process.dirFd)!;
    expect(smaps.map(({ start }) => start)).toEqual(vmas.map(({ start }) => start));
  });

  test("has as many VMAs as the kernel allows, and all of them are read and scanned", async () => {
    using hostile = await HostileProcess.start("many", 100_000);
    const limit = Number(readFileSync("/proc/sys/vm/max_map_count", "utf8"));
    const { dirFd } = hostile.process;
    const vmas = readMaps(dirFd)!;
    // The kernel stops at its limit, give or take the few that it does not count.
    expect(Math.abs(vmas.length - Math.min(limit, 100_000))).toBeLessThan(100);
    expect(readSmaps(dirFd)!.length).toBe(vmas.length);
    const reply = runScanStep({
      pid: hostile.pid,
      startTicks: readProcessStat(dirFd)!.startTicks,
      tracker: "smaps",
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      isStale: false,
      stop: new StopFlag().words,
    }, moveCold);
    expect(reply).toMatchObject({ state: "open", errors: [] });
    if (reply.state !== "open") return;
    close(reply.open.pagemapFd);
    close(reply.open.dirFd);
  });

  test("lives in a mount namespace of its own, and its memory is read all the same", async () => {
    await using mounts = await OwnMounts.create();
    using hostile = await HostileProcess.start("elsewhere", 8, ["/run/only here"], mounts.enter);
    const vmas = readMaps(hostile.process.dirFd)!;
    expect(
      vmas.filter(({ start }) => start >= hostile.start && start < hostile.start + 2 ** 20).length,
    )
      .toBeGreaterThanOrEqual(hostile.vmas);
    expect(findProcesses({ type: "name", comm: "elsewhere" }, notReadable).map(({ pid }) => pid))
      .toEqual([
        hostile.pid,
      ]);
  });
});
