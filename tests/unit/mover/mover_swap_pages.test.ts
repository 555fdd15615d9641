import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { newBatch } from "../../../src/mover/mover.ts";
import { SWAP_PAGES } from "../../../src/mover/mover_swap_pages.ts";
import { AddressSpace } from "../../tools/fixtures/address_space.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

describe("the swap_pages mover", () => {
  test("pageOut() writes every address once, in whole lines", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("swap_pages"), "");
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    using own = new OpenProcess(process.pid);
    const before = openDescriptors();
    const batch = newBatch(5000);
    for (let i = 0; i < 5000; i++) {
      batch.page[i] = 0x7f00_0000_0000 / PAGE_SIZE + 3 * i;
      batch.size[i] = 1;
    }
    batch.count = batch.pages = 5000;
    {
      using mover = SWAP_PAGES.open({ pid: own.pid, dirFd, space: own.space });
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
    using own = new OpenProcess(process.pid);
    const target = { pid: own.pid, dirFd, space: own.space };
    expect(() => SWAP_PAGES.open(target)).toThrow("ENOENT");
    close(dirFd);
  });

  test("open() fails when the process has another address space by now", async () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("swap_pages"), "");
    await using target = await AddressSpace.start("alone", 1);
    using opened = new OpenProcess(target.pid);
    await target.tell("exec");
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    const before = openDescriptors();
    const { pid, space } = opened;
    expect(() => SWAP_PAGES.open({ pid, dirFd, space })).toThrow("ESRCH");
    expect(openDescriptors()).toEqual(before);
    close(dirFd);
  });

  test("missing() says what is missing on this kernel, or nothing", () => {
    expect(SWAP_PAGES.missing() ?? "swap_pages").toMatch(/swap_pages|etmem_swap/);
  });
});
