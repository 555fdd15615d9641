import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { ConfDir } from "../../src/daemon/conf_dir.ts";
import { configureLog } from "../../src/log/logger.ts";
import { Registry } from "../../src/project/registry.ts";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";

test("holds() is about the files that a server which starts anew would add", () => {
  using folder = new ScratchFolder();
  const confDir = new ConfDir(folder.path, "test");
  for (const name of ["a.conf", "b", "c.rpm"]) {
    expect([name, confDir.holds(folder.at(name))]).toEqual([name, true]);
  }
  for (const name of [".hidden", "a.conf~", "a.conf.rpmsave", "below/a.conf", "no/such/a.conf"]) {
    expect([name, confDir.holds(folder.at(name))]).toEqual([name, false]);
  }
});

test("load() logs which file is refused, adds the others and starts their projects", async () => {
  using folder = new ScratchFolder();
  const lines: string[] = [];
  configureLog("error", [(_level, line) => lines.push(line)]);
  const project = "[project]\nname=p\nloop=1\ninterval=1\nsleep=1\n";
  writeFileSync(folder.at("a.conf"), "what?\n", { mode: 0o600 });
  writeFileSync(folder.at("b.conf"), project, { mode: 0o600 });
  writeFileSync(folder.at("c.conf"), project, { mode: 0o600 });
  const registry = new Registry(() => Promise.resolve([]));
  await new ConfDir(folder.path, "test").load(registry, new AbortController().signal);
  configureLog("error", []);
  expect(registry.describe("p")).toMatchObject({ name: "p", loop: 1 });
  expect(lines.map((line) => line.split(": error: ")[0])).toEqual([
    `Cannot add "${folder.at("a.conf")}"`,
    `Cannot add "${folder.at("c.conf")}"`,
  ]);
});

test("load() adds nothing once the server is to end", async () => {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("a.conf"), "[project]\nname=p\nloop=1\ninterval=1\nsleep=1\n", {
    mode: 0o600,
  });
  const registry = new Registry(() => Promise.resolve([]));
  await new ConfDir(folder.path, "test").load(registry, AbortSignal.abort());
  expect(registry.describe("p")).toBeUndefined();
});
