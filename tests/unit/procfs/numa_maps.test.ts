import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { parseNumaMaps, readBoundRanges } from "../../../src/procfs/numa_maps.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

describe("parseNumaMaps()", () => {
  test("finds what is bound to nodes or preferred there, up to the VMA behind it", () => {
    const policies = [
      "default heap anon=398 dirty=398 N0=398 kernelpagesize_kB=4",
      "bind:0 anon=256 N0=256 kernelpagesize_kB=4",
      "default file=/tmp/bind:3 mapped=6",
      "bind=static|balancing:0-1,3 anon=1",
      "prefer:2",
      "local anon=1",
      "interleave:0-1 anon=1",
      "weighted interleave:0-1 anon=1",
      "prefer (many):1-2 stack anon=4",
    ];
    const text = policies.map((policy, i) => `7fa72ba0${i}000 ${policy}\n`).join("");
    const at = (line: number): number => pageOf(0x7fa7_2ba0_0000) + line;
    expect(parseNumaMaps(text)).toEqual([
      { from: at(1), to: at(2), nodes: [0] },
      { from: at(3), to: at(4), nodes: [0, 1, 3] },
      { from: at(4), to: at(5), nodes: [2] },
      { from: at(8), to: Infinity, nodes: [1, 2] },
    ]);
    expect(parseNumaMaps("")).toEqual([]);
  });
});

describe.skipIf(!existsSync("/proc/self/numa_maps"))("readBoundRanges()", () => {
  test("finds what a real process has bound", async () => {
    const child = Bun.spawn([compile(join(import.meta.dir, "bound_memory.c"))], { stdout: "pipe" });
    try {
      const { value } = await child.stdout.getReader().read();
      const area = pageOf(Number(new TextDecoder().decode(value)));
      using opened = new OpenProcess(child.pid);
      expect(readBoundRanges(opened.dirFd)).toEqual([{ from: area, to: area + 16, nodes: [0] }]);
    } finally {
      child.kill();
      await child.exited;
    }
  });

  test("finds nothing where there are no policies, or no process any more", async () => {
    using trial = await TargetProcess.start();
    expect(readBoundRanges(trial.process.dirFd)).toEqual([]);
    await trial.end();
    expect(readBoundRanges(trial.process.dirFd)).toEqual([]);
  });
});
