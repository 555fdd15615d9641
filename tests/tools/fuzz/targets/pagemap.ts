import { deepStrictEqual } from "node:assert";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { Pagemap } from "../../../../src/procfs/pagemap.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** A file that has no name, in the place of /proc/PID/pagemap. */
function openScratch(): number {
  const folder = mkdtempSync(join(tmpdir(), "etmem-fuzz-"));
  const fd = openSync(join(folder, "pagemap"), "w+");
  rmSync(folder, { recursive: true });
  return fd;
}

let scratch: number | undefined;
process.on("exit", () => scratch !== undefined && closeSync(scratch));

/** Pagemap against the bits that Documentation/admin-guide/mm/pagemap.rst names, of any entries. */
export const PAGEMAP: FuzzTarget = {
  name: "pagemap",
  sources: ["src/procfs/pagemap.ts"],
  inputs: fc.array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n << 63n, 1n << 62n, (1n << 55n) - 1n),
    ),
    { maxLength: 12 },
  ).map((entries) => Buffer.from(BigUint64Array.from(entries).buffer)),
  tokens: [[0x80], [0x40], [0x20], [0x01], [0x7f], [0xff, 0xff, 0xff, 0xff]].map((bytes) =>
    Uint8Array.from(bytes)
  ),
  check(input) {
    scratch ??= openScratch();
    ftruncateSync(scratch, 0);
    writeSync(scratch, input, 0, input.length, 0);
    const entries = new BigUint64Array(input.length >> 3);
    new Uint8Array(entries.buffer).set(input.subarray(0, entries.byteLength));
    const pagemap = new Pagemap(scratch);
    const from = entries.length > 2 ? 1 : 0;
    const count = pagemap.load(from, from + Math.max(1, entries.length));
    deepStrictEqual(count, entries.length - from);
    for (let page = from; page < from + count; page++) {
      const entry = entries[page]!;
      const bit = (n: bigint): boolean => ((entry >> n) & 1n) === 1n;
      deepStrictEqual({
        isHeld: pagemap.holds(page),
        isPresent: pagemap.isPresent(page),
        isSwapped: pagemap.isSwapped(page),
        isFile: pagemap.isFile(page),
        isExclusive: pagemap.isExclusive(page),
        frame: pagemap.frame(page),
      }, {
        isHeld: true,
        isPresent: bit(63n),
        isSwapped: bit(62n),
        isFile: bit(61n),
        isExclusive: bit(56n),
        frame: Number(entry & ((1n << 55n) - 1n)),
      });
    }
    deepStrictEqual(pagemap.holds(from + entries.length), false);
    if (entries.length > 0) deepStrictEqual(pagemap.isAlive(entries.length - 1), true);
    deepStrictEqual(pagemap.isAlive(entries.length), false);
  },
};
