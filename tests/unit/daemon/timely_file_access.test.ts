import { expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { presenceOf } from "../../../src/daemon/timely_file_access.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

test("presenceOf() tells which of many files are there, also behind links", async () => {
  using folder = new ScratchFolder();
  const files = Array.from({ length: 2000 }, (_, i) => folder.at(`f${i}.conf`));
  for (const path of files) writeFileSync(path, "");
  const [first = ""] = files;
  symlinkSync(first, folder.at("linked.conf"));
  symlinkSync(folder.at("nothing"), folder.at("broken.conf"));
  const others = ["linked.conf", "broken.conf", "missing.conf"].map((name) => folder.at(name));
  const alone = "/etc/passwd";
  const found = await presenceOf([...files, ...others, alone, "/nowhere/a", "/nowhere/b"]);
  expect(files.filter((path) => found.get(path) !== true)).toEqual([]);
  expect(others.map((path) => found.get(path))).toEqual([true, false, false]);
  expect(found.get(alone)).toBe(true);
  expect([found.get("/nowhere/a"), found.get("/nowhere/b")]).toEqual([false, false]);
});
