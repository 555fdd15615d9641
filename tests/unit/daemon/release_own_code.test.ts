import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { codeMappings } from "../../../src/daemon/release_own_code.ts";

test("codeMappings() finds the code of a file, and nothing that is written to", () => {
  const maps = [
    "00200000-01a39000 r--p 00000000 fe:00 1                                  /opt/a b/etmem",
    "01a40000-0684a000 r-xp 01838000 fe:00 1                                  /opt/a b/etmem",
    "06867000-06c9c000 rw-p 0665e000 fe:00 1                                  /opt/a b/etmem",
    "7f4b2ed21000-7f4b2ee77000 r-xp 00026000 fe:00 2                          /lib/libc.so.6",
    "7ffd3a5f0000-7ffd3a5f2000 r-xp 00000000 00:00 0                          [vdso]",
    "",
  ].join("\n");
  expect(codeMappings(maps, "/opt/a b/etmem")).toEqual([{ start: 0x1a4_0000, end: 0x684_a000 }]);
  expect(codeMappings(maps, "/opt/a")).toEqual([]);
});

test("codeMappings() finds the code of this process where it runs", () => {
  const maps = readFileSync("/proc/self/maps", "latin1");
  const found = codeMappings(maps, readlinkSync("/proc/self/exe"));
  expect(found.length).toBeGreaterThan(0);
  for (const { start, end } of found) expect(end - start).toBeGreaterThan(0);
});
