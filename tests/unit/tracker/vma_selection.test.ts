import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { parseMaps } from "../../../src/procfs/maps.ts";
import { isSwappable, readRanges, type VmaSelection } from "../../../src/tracker/vma_selection.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const lines = {
  heap: "00010000-00020000 rw-p 00000000 00:00 0 [heap]",
  readOnlyAnonymous: "00030000-00040000 r--p 00000000 00:00 0",
  noAccessAnonymous: "00050000-00060000 ---p 00000000 00:00 0",
  executable: "00070000-00080000 r-xp 00000000 00:00 0",
  writableExecutable: "00090000-000a0000 rwxp 00000000 00:00 0",
  shared: "000b0000-000c0000 rw-s 00000000 00:01 77 /dev/zero (deleted)",
  libraryData: "000d0000-000e0000 rw-p 00003000 fe:00 1234 /usr/lib/libc.so.6",
  libraryRelro: "000f0000-00100000 r--p 00002000 fe:00 1234 /usr/lib/libc.so.6",
  hugetlb: "00200000-00400000 rw-p 00000000 00:0f 99 /anon_hugepage (deleted)",
};

/** Ranges of pages, as the addresses of the maps' lines have them, in units of 0x10000. */
function select(selection: VmaSelection): string[] | undefined {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("maps"), `${Object.values(lines).join("\n")}\n`);
  const blocks = Object.entries(lines).map(([name, line]) =>
    [
      line,
      "KernelPageSize:        4 kB",
      "Rss:                   4 kB",
      "Referenced:            4 kB",
      `VmFlags: rd mr ${name === "hugetlb" ? "ht de" : "me ac"}`,
      "",
    ].join("\n")
  );
  writeFileSync(folder.at("smaps"), blocks.join(""));
  const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
  try {
    return readRanges(dirFd, selection)?.map(({ from }) => {
      const start = (from * PAGE_SIZE).toString(16).padStart(8, "0");
      return Object.entries(lines).find(([, line]) => line.startsWith(start))?.[0] ?? start;
    });
  } finally {
    close(dirFd);
  }
}

describe("isSwappable()", () => {
  test("takes private memory that is not executable, of no file or writable", () => {
    const names = Object.entries(lines)
      .filter(([, line]) => isSwappable(parseMaps(Buffer.from(line))[0]!))
      .map(([name]) => name);
    expect(names).toEqual([
      "heap",
      "readOnlyAnonymous",
      "noAccessAnonymous",
      "libraryData",
      "hugetlb",
    ]);
  });
});

describe("readRanges()", () => {
  test("selects what may be swapped", () => {
    expect(select({ kind: "swappable" })).toEqual([
      "heap",
      "readOnlyAnonymous",
      "noAccessAnonymous",
      "libraryData",
      "hugetlb",
    ]);
  });

  test("selects everything when no flags are asked for", () => {
    expect(select({ kind: "flagged", vmFlags: [], anonOnly: false })).toHaveLength(9);
  });

  test("selects VMAs with all of the flags", () => {
    expect(select({ kind: "flagged", vmFlags: ["ht"], anonOnly: false })).toEqual(["hugetlb"]);
    expect(select({ kind: "flagged", vmFlags: ["ht", "ac"], anonOnly: false })).toEqual([]);
  });

  test("selects by anon_only what is private, not executable, and anonymous or writable", () => {
    const anonymous = select({ kind: "flagged", vmFlags: [], anonOnly: true });
    expect(anonymous).toEqual(select({ kind: "swappable" }));
    expect(select({ kind: "flagged", vmFlags: ["ht"], anonOnly: true })).toEqual(["hugetlb"]);
  });

  test("is undefined when the process is gone", () => {
    using folder = new ScratchFolder();
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    expect(readRanges(dirFd, { kind: "swappable" })).toBeUndefined();
    expect(readRanges(dirFd, { kind: "flagged", vmFlags: ["ht"], anonOnly: false }))
      .toBeUndefined();
    close(dirFd);
  });
});
