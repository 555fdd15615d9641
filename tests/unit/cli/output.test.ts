import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Output, OutputError } from "../../../src/cli/output.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "etmem-output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A named pipe. */
function fifo(): string {
  const path = join(folder, "fifo");
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  return path;
}

describe("Output", () => {
  test("write() appends to a file that is appended to, byte for byte", () => {
    const path = join(folder, "log");
    writeFileSync(path, "before\n");
    const fd = openSync(path, "a");
    const output = new Output(fd);
    output.write("ü".repeat(100_000));
    output.write(Uint8Array.of(0x0a));
    closeSync(fd);
    expect(readFileSync(path, "utf8") === `before\n${"ü".repeat(100_000)}\n`).toBe(true);
  });

  test("write() waits for a non-blocking pipe that is full, and repeats nothing", async () => {
    const path = fifo();
    const copy = join(folder, "copy");
    const text = Array.from({ length: 300_000 }, (_, line) => `${line}\n`).join("");
    const reader = Bun.spawn(["sh", "-c", 'cat "$1" >"$2"', "sh", path, copy]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    new Output(fd).write(text);
    closeSync(fd);
    expect(await reader.exited).toBe(0);
    expect(readFileSync(copy, "utf8") === text).toBe(true);
  });

  test("write() is quiet once the reader of a pipe is gone", () => {
    const path = fifo();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    const output = new Output(writer);
    output.write("a");
    closeSync(reader);
    output.write("b");
    output.write("c");
    closeSync(writer);
  });

  test("write() throws when the disk is full", () => {
    const fd = openSync("/dev/full", "w");
    const output = new Output(fd);
    expect(() => output.write("x")).toThrow(new OutputError("Cannot write the answer: ENOSPC"));
    output.write("");
    closeSync(fd);
  });
});
