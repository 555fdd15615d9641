import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { newBatch } from "../../../src/mover/mover.ts";
import { SWAP_PAGES } from "../../../src/mover/mover_swap_pages.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

describe("the swap_pages mover", () => {
  test("pageOut() writes every address once, in whole lines", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("swap_pages"), "");
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    const before = openDescriptors();
    const batch = newBatch(5000);
    for (let i = 0; i < 5000; i++) {
      batch.page[i] = 0x7f00_0000_0000 / PAGE_SIZE + 3 * i;
      batch.size[i] = 1;
    }
    batch.count = batch.pages = 5000;
    {
      using mover = SWAP_PAGES.open({ pid: 1, dirFd });
      expect(mover.pageOut(batch)).toEqual([]);
    }
    expect(openDescriptors()).toEqual(before);
    close(dirFd);
    const lines = readFileSync(folder.at("swap_pages"), "latin1").split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => Number(line) / PAGE_SIZE)).toEqual([...batch.page]);
  });

  test("open() fails as gone when the process is", () => {
    using folder = new ScratchFolder();
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    expect(() => SWAP_PAGES.open({ pid: 1, dirFd })).toThrow("ENOENT");
    close(dirFd);
  });

  test("missing() says what is missing on this kernel, or nothing", () => {
    expect(SWAP_PAGES.missing() ?? "swap_pages").toMatch(/swap_pages|etmem_swap/);
  });
});
