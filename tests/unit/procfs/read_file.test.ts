import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import {
  isGone,
  readFile,
  readPieces,
  readRecord,
  readText,
} from "../../../src/procfs/read_file.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${"x".repeat(i % 90)}`);

describe("readFile()", () => {
  test("reads files of any length whole, one after the other", () => {
    using folder = new ScratchFolder();
    for (const count of [0, 1, 1000, 40_000, 3, 40_000]) {
      const text = lines.slice(0, count).join("\n");
      writeFileSync(folder.at("file"), text);
      expect(readText(AT_FDCWD, folder.at("file")) === text).toBe(true);
    }
  });

  test("reads relative to a folder", () => {
    const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
    expect(readText(dirFd, "comm")).toBe(readFileSync("/proc/self/comm", "latin1"));
    close(dirFd);
  });

  test("answers undefined when there is no such file, and fails for any other reason", () => {
    expect(readFile(AT_FDCWD, "/proc/nothing")).toBeUndefined();
    expect(readRecord(AT_FDCWD, "/proc/nothing")).toBeUndefined();
    expect(() => readFile(AT_FDCWD, "/proc/version/x")).toThrow("ENOTDIR");
    expect(() => readFile(AT_FDCWD, "/proc")).toThrow("EISDIR");
  });

  test("leaves no descriptor open", () => {
    const before = openDescriptors();
    readFile(AT_FDCWD, "/proc/version");
    readRecord(AT_FDCWD, "/proc/version");
    readFile(AT_FDCWD, "/proc/nothing");
    expect(() => readFile(AT_FDCWD, "/proc")).toThrow();
    expect(() =>
      readPieces(AT_FDCWD, "/etc/passwd", () => {
        throw new Error("enough");
      })
    ).toThrow("enough");
    expect(openDescriptors()).toEqual(before);
  });
});

describe("readText()", () => {
  test("keeps bytes that are no UTF-8", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("file"), Uint8Array.of(0x61, 0xff, 0xfe, 0x62));
    expect(readText(AT_FDCWD, folder.at("file"))).toHaveLength(4);
  });
});

describe("readPieces()", () => {
  test("gives all of a file, in order", () => {
    using folder = new ScratchFolder();
    for (const text of ["", "x", lines.join("\n")]) {
      writeFileSync(folder.at("file"), text);
      let found = "";
      const answer = readPieces(AT_FDCWD, folder.at("file"), (piece) => {
        found += piece;
        return true;
      });
      expect(answer).toBe(true);
      expect(found === text).toBe(true);
    }
  });

  test("ends when it is told to", () => {
    let count = 0;
    expect(readPieces(AT_FDCWD, "/proc/self/smaps", () => ++count < 3)).toBe(true);
    expect(count).toBe(3);
    expect(readPieces(AT_FDCWD, "/proc/nothing", () => true)).toBeUndefined();
  });
});

describe("isGone()", () => {
  test("tells a process that is gone from other failures", () => {
    for (const code of ["ENOENT", "ESRCH"]) {
      expect(isGone(Object.assign(new Error("x"), { code }))).toBe(true);
    }
    expect(isGone(Object.assign(new Error("x"), { code: "EACCES" }))).toBe(false);
    expect(isGone("ENOENT")).toBe(false);
  });
});
