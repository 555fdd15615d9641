import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { ConfDir } from "../../../../src/daemon/conf_dir/conf_dir.ts";
import { addFile } from "../../../../src/daemon/object_file.ts";
import { StoppedProjects } from "../../../../src/daemon/conf_dir/stopped_projects.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { Registry } from "../../../../src/project/registry.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { ScriptedEngines } from "../../project/scripted_engine.ts";

const NEVER = new AbortController().signal;

test("pathOf() is about the files that count", async () => {
  using folder = new ScratchFolder();
  const confDir = await ConfDir.open(folder.path, "test", NEVER);
  const holds = async (name: string): Promise<boolean> =>
    await confDir.pathOf(folder.at(name), NEVER) === folder.at(name);
  for (const name of ["a.conf", "b", "c.rpm"]) {
    expect([name, await holds(name)]).toEqual([name, true]);
  }
  for (
    const name of [
      ".hidden",
      "a.conf~",
      "a.conf.rpmsave",
      "#a.conf#",
      "a.swp",
      "below/a.conf",
      "no/such/a.conf",
    ]
  ) {
    expect([name, await holds(name)]).toEqual([name, false]);
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
  mkdirSync(folder.at("disabled"));
  writeFileSync(folder.at("disabled/d.conf"), "what?\n", { mode: 0o600 });
  const registry = new Registry(() => Promise.resolve([]));
  await (await ConfDir.open(folder.path, "test", NEVER)).load(
    registry,
    new AbortController().signal,
  );
  configureLog("error", []);
  expect(registry.describe("p")).toMatchObject({ name: "p", loop: 1 });
  expect(lines.map((line) => line.split(": ")[0])).toEqual([
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
  await (await ConfDir.open(folder.path, "test", NEVER)).load(registry, AbortSignal.abort());
  expect(registry.describe("p")).toBeUndefined();
});

test("load() does not forget that a client has stopped a project which it added meanwhile", async () => {
  using folder = new ScratchFolder();
  using state = new ScratchFolder();
  const { STATE_DIRECTORY } = process.env;
  process.env["STATE_DIRECTORY"] = state.path;
  try {
    const { signal } = new AbortController();
    const engines = new ScriptedEngines();
    writeFileSync(folder.at("old"), fileOf("old"), { mode: 0o600 });
    const confDir = await ConfDir.open(folder.path, "test", NEVER);
    const registry = new Registry(
      () => Promise.resolve([engines]),
      (project, started) => confDir.remember(project, started),
    );
    engines.hold("start old");
    const loaded = confDir.load(registry, signal);
    await waitFor("the start", () => engines.calls.includes("start old"), { firstPauseMs: 1 });

    writeFileSync(folder.at("new"), fileOf("new"), { mode: 0o600 });
    await addFile(folder.at("new"), registry, { confFile: folder.at("new"), signal });
    await registry.start("new", signal);
    await registry.stop("new", signal);
    engines.release("start old");
    await loaded;
    expect((await StoppedProjects.read(state.path, "test")).has("new")).toBeTrue();
  } finally {
    if (STATE_DIRECTORY === undefined) delete process.env["STATE_DIRECTORY"];
    else process.env["STATE_DIRECTORY"] = STATE_DIRECTORY;
  }
});

/** A project with an engine and a task of the same name. */
function fileOf(name: string): string {
  return [
    `[project]\nname=${name}\nloop=1\ninterval=1\nsleep=1`,
    `[engine]\nname=slide\nproject=${name}`,
    `[task]\nproject=${name}\nengine=slide\nname=${name}\ntype=name\nvalue=x\nT=1\n`,
  ].join("\n");
}

test("follow() starts a new task of a started project, and logs no error", async () => {
  using folder = new ScratchFolder();
  using state = new ScratchFolder();
  const { STATE_DIRECTORY } = process.env;
  process.env["STATE_DIRECTORY"] = state.path;
  const stop = new AbortController();
  try {
    const lines: string[] = [];
    configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
    const engines = new ScriptedEngines();
    const registry = new Registry(() => Promise.resolve([engines]));
    writeFileSync(folder.at("a"), fileOf("a"), { mode: 0o600 });
    const confDir = await ConfDir.open(folder.path, "test", stop.signal);
    await confDir.load(registry, stop.signal);
    const following = confDir.follow(registry, stop.signal);
    const [, task = ""] = fileOf("a").split("[task]");
    writeFileSync(folder.at("b"), `[task]${task.replace("name=a", "name=b")}`, { mode: 0o600 });
    await waitFor("the new task", () => engines.running.has("a/b"), { firstPauseMs: 1 });
    stop.abort();
    await following;
    expect(engines.calls).not.toContain("stop a");
    expect(lines.filter((line) => !line.startsWith("info: "))).toEqual([]);
  } finally {
    stop.abort();
    configureLog("error", []);
    if (STATE_DIRECTORY === undefined) delete process.env["STATE_DIRECTORY"];
    else process.env["STATE_DIRECTORY"] = STATE_DIRECTORY;
  }
});
