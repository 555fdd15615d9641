import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { releaseText } from "../../../ffi/text_memory.ts";
import { textMappings } from "../../../src/daemon/own_text.ts";

function residentFileBytes(): number {
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))![1]) *
    1024;
}

test("releaseText() makes the resident part of the program smaller, and it goes on", () => {
  const maps = readFileSync("/proc/self/maps", "latin1");
  const mappings = textMappings(maps, readlinkSync("/proc/self/exe"));
  const before = residentFileBytes();
  for (const { start, end } of mappings) releaseText(start, end);
  expect(residentFileBytes()).toBeLessThan(before - 5 * 2 ** 20);
  expect(JSON.parse(JSON.stringify({ goes: ["on", 1] }))).toEqual({ goes: ["on", 1] });
});
