import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { errorCode, SystemCallError } from "../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  ioctl,
  O_RDONLY,
  O_RDWR,
  openAt,
  PAGE_SIZE,
  pread,
  pwrite,
  read,
  seek,
  syscall,
  tell,
  threadCpuUs,
  write,
} from "../../../ffi/libc.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

describe("libc", () => {
  test("openAt() opens relative to a folder, close-on-exec, and names what it cannot open", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("a b"), "x");
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    const fd = openAt(dirFd, "a b", O_RDONLY);
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    expect(Number.parseInt(flags ?? "0", 8) & 0o2000000).toBe(0o2000000);
    expect(() => openAt(dirFd, "c", O_RDONLY)).toThrow('openat "c": ENOENT');
    close(fd);
    close(dirFd);
    expect(codeOf(() => openAt(dirFd, "a b", O_RDONLY))).toBe("EBADF");
  });

  test("read(), write(), seek() and tell() go along a file, beyond 4 GiB too", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("file"), "");
    truncateSync(folder.at("file"), 2 ** 40);
    const fd = openAt(AT_FDCWD, folder.at("file"), O_RDWR);
    const far = 2 ** 40 - 3;
    seek(fd, far);
    expect(tell(fd)).toBe(far);
    expect(write(fd, Buffer.from("abcdef"), 5)).toBe(5);
    expect(tell(fd)).toBe(far + 5);
    expect(statSync(folder.at("file")).size).toBe(far + 5);
    seek(fd, far + 1);
    const into = new Uint8Array(8);
    expect(read(fd, into, 8)).toBe(4);
    expect(Buffer.from(into).toString("latin1")).toBe("bcde\0\0\0\0");
    expect(read(fd, into, 8)).toBe(0);
    close(fd);
  });

  test("pread() and pwrite() leave the position alone and take parts of arrays", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("file"), "0123456789");
    const fd = openAt(AT_FDCWD, folder.at("file"), O_RDWR);
    const words = new Uint32Array(4);
    expect(pread(fd, words.subarray(1, 2), 4, 2)).toBe(4);
    expect([...words]).toEqual([0, Buffer.from("2345").readUInt32LE(), 0, 0]);
    expect(pwrite(fd, words.subarray(1, 2), 4, 2 ** 33)).toBe(4);
    expect(pread(fd, words.subarray(3), 4, 2 ** 33)).toBe(4);
    expect(words[3]).toBe(words[1]);
    expect(tell(fd)).toBe(0);
    close(fd);
  });

  test("failures carry the call, the errno and its name", () => {
    const bytes = new Uint8Array(8);
    const cases: readonly (readonly [name: string, code: string, call: () => unknown])[] = [
      ["read", "EBADF", () => read(-1, bytes, 8)],
      ["pread", "EBADF", () => pread(-1, bytes, 8, 0)],
      ["write", "EBADF", () => write(-1, bytes, 8)],
      ["pwrite", "EBADF", () => pwrite(-1, bytes, 8, 0)],
      ["lseek", "EBADF", () => seek(-1, 4096)],
      ["lseek", "EBADF", () => tell(-1)],
      ["ioctl", "EBADF", () => ioctl(-1, 1, bytes)],
      ["nothing", "ENOSYS", () => syscall("nothing", 100_000)],
    ];
    for (const [name, code, call] of cases) {
      let thrown: unknown;
      try {
        call();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(SystemCallError);
      expect(thrown).toMatchObject({ syscall: name, code });
    }
  });

  test("PAGE_SIZE is the kernel's", () => {
    const size = Bun.spawnSync(["getconf", "PAGESIZE"]).stdout.toString().trim();
    expect(PAGE_SIZE).toBe(Number(size));
  });

  test("threadCpuUs() grows with work", () => {
    const begin = threadCpuUs();
    let sum = 0;
    while (threadCpuUs() < begin + 2000) sum++;
    expect(sum).toBeGreaterThan(0);
  });
});
