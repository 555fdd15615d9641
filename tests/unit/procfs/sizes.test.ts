import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseMemInfo, readMemInfo } from "../../../src/procfs/meminfo.ts";
import { parseIdList } from "../../../src/procfs/nodes.ts";
import { readAllowedNodes, readProcessSizes } from "../../../src/procfs/process_memory.ts";
import { parseSize, pickSizes } from "../../../src/procfs/size_table.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

describe("parseSize()", () => {
  test("reads decimal numbers of kB and nothing else", () => {
    expect(parseSize("   123 kB", "f", 1, "X")).toBe(123 * 1024);
    expect(parseSize("0", "f", 1, "X")).toBe(0);
    for (
      const wrong of [
        "",
        " kB",
        "12 kb",
        "0x10 kB",
        "1 2 kB",
        "-1 kB",
        "12kB",
        "9007199254740992 kB",
      ]
    ) {
      expect(() => parseSize(wrong, "f", 7, "X")).toThrow("Cannot read X in line 7 of f: found");
    }
  });
});

describe("pickSizes()", () => {
  test("finds lines by their whole name, wherever they stand", () => {
    const text = "Swap:   1 kB\nMemSwap: 2 kB\nSwapCached: 3 kB\nLast: 4 kB";
    expect(pickSizes(text, ["Swap", "SwapCached", "Last", "Cached"], "f"))
      .toEqual([1024, 3072, 4096, 0]);
  });

  test("says which line has no number", () => {
    expect(() => pickSizes("A: 1 kB\nB: many\n", ["B"], "f")).toThrow(
      'Cannot read B in line 2 of f: found "many"',
    );
  });
});

describe("parseMemInfo()", () => {
  const names = ["MemTotal", "MemAvailable", "SwapTotal", "SwapFree", "SwapCached"];
  const text = names.map((name, i) => `${name}:   ${i + 1} kB\n`).join("");

  test("reads the sizes", () => {
    expect(parseMemInfo(text)).toEqual({
      totalBytes: 1024,
      availableBytes: 2048,
      swapTotalBytes: 3072,
      swapFreeBytes: 4096,
      swapCachedBytes: 5120,
    });
  });

  test("does not take a size that is missing for none", () => {
    for (const name of names) {
      const lacking = text.replace(new RegExp(`^${name}:.*\n`, "m"), "");
      expect(() => parseMemInfo(lacking)).toThrow(`Cannot read ${name} in line 1 of meminfo`);
    }
    expect(() => parseMemInfo("")).toThrow("Cannot read MemTotal");
  });
});

describe("readMemInfo()", () => {
  test("agrees with the kernel", () => {
    const total = /^MemTotal:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "latin1"))?.[1];
    const info = readMemInfo();
    expect(info.totalBytes).toBe(Number(total) * 1024);
    expect(info.availableBytes).toBeGreaterThan(0);
    expect(info.swapFreeBytes).toBeLessThanOrEqual(info.swapTotalBytes);
  });
});

describe("readProcessSizes()", () => {
  test("reads the sizes of a process, and nothing of one that is gone", async () => {
    using trial = await TargetProcess.start({ sizeBytes: 16 * 2 ** 20 });
    const sizes = readProcessSizes(trial.process.dirFd)!;
    expect(sizes.rssBytes + sizes.swapBytes).toBeGreaterThan(15 * 2 ** 20);
    expect(sizes.rssBytes).toBeLessThan(32 * 2 ** 20);
    await trial.end();
    expect(readProcessSizes(trial.process.dirFd)).toBeUndefined();
  });
});

describe("readAllowedNodes()", () => {
  test("reads the nodes that a cpuset allows, and nothing of a process that is gone", async () => {
    using trial = await TargetProcess.start();
    const status = readFileSync(`/proc/${trial.pid}/status`, "utf8");
    const list = /^Mems_allowed_list:\t(.*)$/m.exec(status)?.[1];
    const allowed = readAllowedNodes(trial.process.dirFd);
    // no list without cpusets
    if (list === undefined) expect(allowed).toBeUndefined();
    else expect(allowed).toEqual(parseIdList(list, "status"));
    await trial.end();
    expect(readAllowedNodes(trial.process.dirFd)).toBeUndefined();
  });
});
