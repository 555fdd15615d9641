import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { parseMaps } from "../../../src/procfs/maps.ts";
import { readSmaps } from "../../../src/procfs/smaps.ts";
import { parseSmaps } from "../../tools/fixtures/parse_smaps.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

const block = [
  "7f0000000000-7f0000200000 rw-p 00000000 00:00 0 [anon: Rss: 9 kB]",
  "Size:               2048 kB",
  "KernelPageSize:        4 kB",
  "MMUPageSize:           4 kB",
  "Rss:                1024 kB",
  "Pss:                1000 kB",
  "Referenced:           40 kB",
  "Anonymous:          1024 kB",
  "FilePmdMapped:         0 kB",
  "THPeligible:    0",
  "VmFlags: rd wr mr mw me ac ",
  "",
].join("\n");
const vsyscall = [
  "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]",
  "Size:                  4 kB",
  "VmFlags: ex ",
  "",
].join("\n");

describe("parseSmaps()", () => {
  test("reads the fields of each VMA and leaves the kernel's own out", () => {
    const second = block.replaceAll("7f00", "7f01").replace("1024", "0").replace(
      "VmFlags: rd",
      "VmFlags: ht",
    );
    const vmas = parseSmaps(`${block}${second}${vsyscall}`);
    expect(vmas).toHaveLength(2);
    expect(vmas[0]).toMatchObject({
      start: 0x7f00_0000_0000,
      write: true,
      inode: 0,
      rssBytes: 1024 * 1024,
      referencedBytes: 40 * 1024,
      kernelPageBytes: 4096,
      vmFlags: ["rd", "wr", "mr", "mw", "me", "ac"],
    });
    expect(vmas[1]).toMatchObject({ rssBytes: 0 });
    expect(vmas[1]?.vmFlags).toContain("ht");
  });

  test("takes a VMA without VmFlags, as old kernels have them", () => {
    expect(parseSmaps(block.replace(/^VmFlags.*\n/m, ""))[0]?.vmFlags).toEqual([]);
  });

  test("reads the same wherever the text is cut into pieces", async () => {
    using trial = await TargetProcess.start();
    using folder = new ScratchFolder();
    const text = readFileSync(`/proc/${trial.pid}/smaps`, "latin1");
    writeFileSync(folder.at("smaps"), text.repeat(8).slice(0, -1));
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    const vmas = readSmaps(dirFd);
    close(dirFd);
    expect(vmas).toEqual(Array.from({ length: 8 }, () => parseSmaps(text)).flat());
  });

  test("says which VMA lacks a field: an idle VMA is not assumed", () => {
    for (const name of ["Rss", "Referenced", "KernelPageSize"]) {
      const lacking = block.replace(new RegExp(`^${name}:.*\n`, "m"), "");
      expect(() => parseSmaps(`${block}${lacking}`)).toThrow(
        `Cannot read ${name} in line 12 of smaps: found "7f0000000000-7f0000200000 rw-p`,
      );
    }
  });

  test("says which line and item it cannot read", () => {
    for (
      const value of ["", "x kB", "-4 kB", "4 MB", "4.5 kB", "1e3 kB", "99999999999999999999 kB"]
    ) {
      const wrong = block.replace("Rss:                1024 kB", `Rss:   ${value}`);
      expect(() => parseSmaps(`${block}${wrong}`)).toThrow(
        `Cannot read Rss in line 16 of smaps: found ${JSON.stringify(value)}`,
      );
    }
    expect(() => parseSmaps(`${block}nonsense\n`)).toThrow("Cannot read start in line 12 of smaps");
  });

  test("has the VMAs that maps has", async () => {
    using trial = await TargetProcess.start();
    const text = readFileSync(`/proc/${trial.pid}/smaps`, "latin1");
    const maps = readFileSync(`/proc/${trial.pid}/maps`);
    const strip = ({ start, end, inode }: { start: number; end: number; inode: number }) => ({
      start,
      end,
      inode,
    });
    expect(parseSmaps(text).map(strip)).toEqual(parseMaps(maps).map(strip));
  });
});

describe("readSmaps()", () => {
  test("finds what a process has in memory, and nothing of one that is gone", async () => {
    using trial = await TargetProcess.start();
    const { start, end } = trial.area;
    const vma = readSmaps(trial.process.dirFd)!.find((one) => one.start <= start && one.end >= end);
    expect(vma?.rssBytes).toBeGreaterThanOrEqual(end - start);
    await trial.end();
    expect(readSmaps(trial.process.dirFd)).toBeUndefined();
  });

  test("ends early when it is told to stop", () => {
    const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
    const all = readSmaps(dirFd)!;
    let pieces = 0;
    const some = readSmaps(dirFd, () => ++pieces > 3)!;
    close(dirFd);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length / 2);
    expect(pieces).toBe(4);
  });
});
