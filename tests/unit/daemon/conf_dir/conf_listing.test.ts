import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import {
  fileVersion,
  isConfFile,
  listConfFolder,
} from "../../../../src/daemon/conf_dir/conf_listing.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";

test("isConfFile() passes over hidden files, and what editors and packagers leave", () => {
  for (const name of ["a", "a.conf", "10-a.yaml", "new.conf", "a.rpm", "a#b", "a;b"]) {
    expect([name, isConfFile(name)]).toEqual([name, true]);
  }
  for (
    const name of [
      ".a.conf.swp",
      "..data",
      "a.conf~",
      "#a.conf#",
      "a.swp",
      "a.bak",
      "a.conf.old",
      "a.conf.new",
      "a.orig",
      "a.rpmnew",
      "a.rpmsave",
      "a.rpmorig",
      "a.dpkg-dist",
      "a.dpkg-new",
      "a.ucf-old",
      "a.conf;5f3c1a2b",
    ]
  ) {
    expect([name, isConfFile(name)]).toEqual([name, false]);
  }
});

test("listConfFolder() lists files by name, and does not look behind links", async () => {
  using folder = new ScratchFolder();
  for (const name of ["b", "a", ".hidden", "c~"]) writeFileSync(folder.at(name), name);
  mkdirSync(folder.at("folder"));
  symlinkSync("nowhere", folder.at("link"));
  const { files } = await listConfFolder(folder.path);
  expect(files.map(({ name, version }) => [name, typeof version])).toEqual([
    ["a", "string"],
    ["b", "string"],
    ["link", "undefined"],
  ]);
  expect(files[0]?.version).toBe(await fileVersion(folder.at("a")));
  expect(await fileVersion(folder.at("link"))).toBe("ENOENT");
});

test("a version changes with what is written, also of the same size, and with the mode", async () => {
  using folder = new ScratchFolder();
  const versions = new Set<string>();
  const path = folder.at("a");
  const note = async (): Promise<void> => {
    versions.add(await fileVersion(path));
    // The clock of a file system stands still for up to 10 ms.
    await Bun.sleep(20);
  };
  writeFileSync(path, "1", { mode: 0o600 });
  await note();
  writeFileSync(path, "2");
  await note();
  chmodSync(path, 0o644);
  await note();
  expect(versions.size).toBe(3);
});

test("listConfFolder() refuses a folder that is none, or that others may write to", async () => {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("file"), "");
  const problemOf = async (path: string): Promise<unknown> => {
    return await listConfFolder(path).then(
      () => "none",
      (error: { problem: string }) => error.problem,
    );
  };
  expect(await problemOf(folder.at("none"))).toBe("there is no such folder");
  expect(await problemOf(folder.at("file"))).toBe("it is no folder");
  expect(await problemOf(folder.path)).toBe("none");
  chmodSync(folder.path, 0o777);
  expect(await problemOf(folder.path)).toBe(
    "its owner is 0 and its mode 0777, allowed is 0 and not writable by group and others",
  );
});
