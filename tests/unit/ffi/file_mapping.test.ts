import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { FileMapping } from "../../../ffi/file_mapping.ts";

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
