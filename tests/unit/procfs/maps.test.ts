import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { parseMaps, readMaps, type Vma } from "../../../src/procfs/maps.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

const parse = (text: string): Vma[] => parseMaps(Buffer.from(text, "latin1"));

/** The same by regular expressions. */
function slowly(text: string): Vma[] {
  const line = /^([0-9a-f]+)-([0-9a-f]+) (\S)(\S)(\S)(\S) [0-9a-f]+ [0-9a-f:]+ (\d+)/;
  return text.split("\n").flatMap((one) => {
    const [, start, end, , write, execute, shared, inode] = line.exec(one) ?? [];
    if (start === undefined || one.endsWith("[vsyscall]")) return [];
    return [{
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end!, 16),
      write: write === "w",
      execute: execute === "x",
      private: shared === "p",
      inode: Number(inode),
    }];
  });
}

describe("parseMaps()", () => {
  test("reads every field of a VMA", () => {
    expect(parse("7f3a00000000-7f3a00021000 rw-p 00001000 fe:01 13107 /lib/x.so\n")).toEqual([{
      start: 0x7f3a_0000_0000,
      end: 0x7f3a_0002_1000,
      write: true,
      execute: false,
      private: true,
      inode: 13107,
    }]);
  });

  test("reads this process's own maps as a regular expression does", () => {
    const text = readFileSync("/proc/self/maps", "latin1");
    const vmas = parse(text);
    expect(vmas).toEqual(slowly(text));
    expect(vmas.length).toBeGreaterThan(10);
    expect(vmas.every(({ start, end }) => start % PAGE_SIZE === 0 && end > start)).toBe(true);
  });

  test("leaves the kernel's own page out, whatever follows", () => {
    const vsyscall = "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]";
    const last = "7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0  [vdso]";
    expect(parse(`${last}\n${vsyscall}\n`)).toHaveLength(1);
    expect(parse(`${last}\n${vsyscall}`)).toHaveLength(1);
    expect(parse(vsyscall)).toEqual([]);
  });

  test("does not take a VMA whose address begins with f for the kernel's", () => {
    const lines = [
      "f0000000-f0001000 rw-p 00000000 00:00 0",
      "ffff8000000-ffff8001000 rw-p 00000000 00:00 0",
      "fffffffff000-1000000000000 rw-p 00000000 00:00 0",
    ];
    expect(parse(`${lines.join("\n")}\n`).map(({ start }) => start)).toEqual([
      0xf000_0000,
      0xffff_8000_000,
      0xffff_ffff_f000,
    ]);
  });

  test("is exact for the addresses of a 57-bit address space", () => {
    const [vma] = parse("fffffffffff000-100000000000000 rw-p 00000000 00:00 0\n");
    expect(BigInt(vma!.start)).toBe(0xff_ffff_ffff_f000n);
    expect(BigInt(vma!.end)).toBe(0x100_0000_0000_0000n);
  });

  test("does not look at paths, whatever they hold", () => {
    const paths = [
      "/a b  c",
      "/new\\012line",
      "/1000-2000 rw-p 0 0:0 0",
      "[anon:\xff\xfe]",
      "/x (deleted)",
      "",
    ];
    const text = paths.map((path) => `1000-2000 r--s 00000000 00:1f 5 ${path}\n`).join("");
    expect(parse(text)).toHaveLength(paths.length);
    expect(parse(text).every((vma) => vma.inode === 5 && !vma.private && !vma.write)).toBe(true);
  });

  test("reads a last line without its end, with and without a path", () => {
    expect(parse("1000-2000 rw-p 00000000 00:00 0")).toHaveLength(1);
    expect(parse("1000-2000 rw-p 00000000 00:00 0 [heap]")).toHaveLength(1);
    expect(parse("")).toEqual([]);
  });

  test("says which line and item it cannot read", () => {
    const good = "1000-2000 rw-p 00000000 00:00 0\n";
    const wrong: readonly (readonly [line: string, item: string])[] = [
      ["", "start"],
      ["zz", "start"],
      ["1000 2000 rw-p 0 0:0 0", "start"],
      ["1000-2000", "end"],
      ["1000-20g0 rw-p 0 0:0 0", "end"],
      ["1000-2000 rwp 00000000 00:00 0", "permissions"],
      ["1000-2000 rw-p", "permissions"],
      ["1000-2000 rw-p 00000000", "offset"],
      ["1000-2000 rw-p 00000000 00:00", "device"],
      ["1000-2000 rw-p 00000000 00:00 ", "inode"],
      ["1000-2000 rw-p 00000000 00:00 12a", "inode"],
      ["f\nfffffffff600000-ffffffffff601000 --xp 00000000 00:00 0", "start"],
      ["1000-1000000000000000 rw-p 00000000 00:00 0", "end"],
      ["1000-2000 rw\np 00000000 00:00 0", "permissions"],
      ["1000-2000 rw-p \n0 00:00 0", "offset"],
      ["1000-2000 rw-p 0 \n00:00 0", "device"],
    ];
    for (const [line, item] of wrong) {
      const text = item === "offset" || item === "device" ? line : `${line}\n`;
      expect(() => parse(`${good}${good}${text}`)).toThrow(
        new RegExp(`^Cannot read ${item} in line 3 of maps: found "`),
      );
    }
  });
});

describe("readMaps()", () => {
  test("finds the memory of a process, and nothing of one that is gone", async () => {
    using trial = await TargetProcess.start();
    const { start, end } = trial.area;
    const vmas = readMaps(trial.process.dirFd)!;
    expect(vmas.some((vma) => vma.start <= start && vma.end >= end && vma.write)).toBe(true);
    await trial.end();
    expect(readMaps(trial.process.dirFd)).toBeUndefined();
  });

  test.skipIf(Bun.which("python3") === null)("reads maps larger than any buffer", async () => {
    // Every other page of a mapping with other permissions is a VMA of its own.
    const script = [
      "import ctypes, mmap, sys",
      "libc = ctypes.CDLL(None, use_errno=True)",
      "libc.mmap.restype = ctypes.c_void_p",
      "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]",
      "libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]",
      `page = ${PAGE_SIZE}`,
      "start = libc.mmap(None, 12000 * page, 3, 0x22, -1, 0)",
      "for i in range(0, 12000, 2): libc.mprotect(start + i * page, page, 1)",
      "print(start, flush=True)",
      "sys.stdin.read()",
    ].join("\n");
    const child = Bun.spawn(["python3", "-c", script], { stdin: "pipe", stdout: "pipe" });
    const { value } = await child.stdout.getReader().read();
    const start = Number(new TextDecoder().decode(value));
    const dirFd = openAt(AT_FDCWD, `/proc/${child.pid}`, O_RDONLY);
    const own = readMaps(dirFd)!.filter((vma) =>
      vma.start >= start && vma.start < start + 12_000 * PAGE_SIZE
    );
    close(dirFd);
    child.kill("SIGKILL");
    await child.exited;
    expect(own.length).toBeGreaterThanOrEqual(12_000);
    for (const [i, vma] of own.entries()) {
      if (i > 0 && vma.start !== own[i - 1]!.end) throw new Error(`a gap before VMA ${i}`);
    }
  });
});
