import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { FileMapping, releaseText } from "../../../ffi/own_mappings.ts";
import { codeMappings } from "../../../src/daemon/release_own_code.ts";

test("FileMapping maps a file, and says why it cannot map something else", () => {
  const file = openSync(import.meta.path, "r");
  const folder = openSync(import.meta.dir, "r");
  using mapping = new FileMapping(file);
  expect(mapping.address).toBeGreaterThan(0);
  expect(() => new FileMapping(folder)).toThrow("mmap: ENODEV");
  expect(() => new FileMapping(-1)).toThrow("mmap: EBADF");
  closeSync(file);
  closeSync(folder);
});

function residentFileBytes(): number {
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))![1]) *
    1024;
}

test("releaseText() makes the resident part of the program smaller, and it goes on", () => {
  const maps = readFileSync("/proc/self/maps", "latin1");
  const mappings = codeMappings(maps, readlinkSync("/proc/self/exe"));
  const before = residentFileBytes();
  for (const { start, end } of mappings) releaseText(start, end);
  expect(residentFileBytes()).toBeLessThan(before - 5 * 2 ** 20);
  expect(JSON.parse(JSON.stringify({ goes: ["on", 1] }))).toEqual({ goes: ["on", 1] });
});
