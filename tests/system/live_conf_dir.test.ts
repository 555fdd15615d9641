import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { Installation, shown, untilShown } from "./conf_installation.ts";
import { OwnMounts } from "./own_mounts.ts";
import { ServerProcess, slideConfig } from "./server_process.ts";

async function confDirOf(server: ServerProcess): Promise<ServerStatus["conf_dir"]> {
  const { stdout } = await server.etmem("status", "--json");
  return (JSON.parse(stdout) as ServerStatus).conf_dir;
}

/** The tasks of a project, oldest first, or none when it is not there. */
async function tasksOf(server: ServerProcess, project: string): Promise<string[]> {
  const { stdout } = await server.etmem("status", "--json");
  const { projects } = JSON.parse(stdout) as ServerStatus;
  return projects.filter(({ name }) => name === project)
    .flatMap(({ engines }) => engines.flatMap(({ tasks }) => tasks.map(({ name }) => name)))
    .toReversed();
}

async function untilTasks(
  server: ServerProcess,
  project: string,
  ...tasks: string[]
): Promise<void> {
  await waitFor(`project ${project} to have the tasks ${tasks.join(", ")}`, async () => {
    return Bun.deepEquals(await tasksOf(server, project), tasks);
  });
}

describe("a folder of --conf-dir that changes", () => {
  test("a file that comes, changes and goes is followed, however an editor writes it", async () => {
    using files = new Installation();
    await using server = await files.start(0);
    const path = files.conf("a.conf", slideConfig("a", "x"));
    await untilShown(server, "a started persistent");
    // In place.
    writeFileSync(path, slideConfig("a", "x", "y"));
    await untilTasks(server, "a", "x", "y");
    // By a file that takes its place, with the old one beside it.
    renameSync(path, `${path}~`);
    writeFileSync(files.at("conf.d/.a.conf.swp"), "?", { mode: 0o600 });
    files.conf("4913.tmp", "?");
    files.conf("new", slideConfig("a", "x", "y", "z"));
    renameSync(files.at("conf.d/new"), path);
    await untilTasks(server, "a", "x", "y", "z");
    expect((await confDirOf(server))?.refused).toEqual([]);
    renameSync(path, files.at("conf.d/b.conf"));
    appendFileSync(files.at("conf.d/b.conf"), "# moved\n");
    await waitFor("the file's new name", async () => (await confDirOf(server))?.files === 1);
    unlinkSync(files.at("conf.d/b.conf"));
    await untilShown(server);
  });

  test("a file counts when it is closed, and not while a program still writes it", async () => {
    using files = new Installation();
    await using server = await files.start(0);
    const whole = slideConfig("a", "x", "y");
    const fd = openSync(files.at("conf.d/a.conf"), "w", 0o600);
    // It ends with a task that is whole.
    writeSync(fd, slideConfig("a", "x"));
    files.conf("b.conf", slideConfig("b", "t"));
    await untilShown(server, "b started persistent");
    writeSync(fd, whole.slice(slideConfig("a", "x").length));
    closeSync(fd);
    await untilTasks(server, "a", "x", "y");
  });

  test("a ConfigMap's swap of ..data is one change", async () => {
    using files = new Installation();
    const put = (version: string, name: string, text: string): void => {
      mkdirSync(files.at(`conf.d/${version}`), { recursive: true });
      writeFileSync(files.at(`conf.d/${version}/${name}`), text, { mode: 0o400 });
    };
    for (const name of ["a", "b"]) put("..1", name, slideConfig(name, "t"));
    symlinkSync("..1", files.at("conf.d/..data"));
    for (const name of ["a", "b"]) symlinkSync(`..data/${name}`, files.at(`conf.d/${name}`));
    await using server = await files.start(2);
    await untilShown(server, "b started persistent", "a started persistent");
    put("..2", "a", slideConfig("a", "t"));
    put("..2", "b", slideConfig("b", "t", "u"));
    symlinkSync("..2", files.at("conf.d/..data_tmp"));
    renameSync(files.at("conf.d/..data_tmp"), files.at("conf.d/..data"));
    rmSync(files.at("conf.d/..1"), { recursive: true });
    await untilTasks(server, "b", "t", "u");
    expect(await tasksOf(server, "a")).toEqual(["t"]);
  });

  test("a folder on a read-only mount may have the mode of a ConfigMap, and is followed", async () => {
    using files = new Installation();
    files.conf("a", slideConfig("a", "x"));
    chmodSync(files.confDir, 0o777);
    const mount = `mkdir /run/map && mount --bind ${files.confDir} /run/map && ` +
      "mount -o remount,bind,ro /run/map";
    await using mounts = await OwnMounts.create(mount);
    const args = ["--conf-dir", "/run/map"];
    const env = { STATE_DIRECTORY: files.stateDir };
    await using server = await ServerProcess.start({ held: [], args, env, through: mounts.enter });
    await untilShown(server, "a started persistent");
    files.conf("b", slideConfig("b", "x"));
    await untilShown(server, "b started persistent", "a started persistent");
  });

  test("a link to a file elsewhere is followed, too", async () => {
    using files = new Installation();
    const target = files.at("elsewhere");
    writeFileSync(target, slideConfig("a", "x"), { mode: 0o600 });
    symlinkSync(target, files.at("conf.d/a"));
    await using server = await files.start(1);
    writeFileSync(target, slideConfig("a", "x", "y"));
    await untilTasks(server, "a", "x", "y");
  });

  test("a broken version leaves the one before it; status and the table say why", async () => {
    using files = new Installation();
    const path = files.conf("a.conf", slideConfig("a", "x"));
    await using server = await files.start(1);
    writeFileSync(path, slideConfig("a", "x").replace("loop=1", "loop=0"));
    await waitFor("the refusal", async () => (await confDirOf(server))?.refused.length === 1);
    expect(await confDirOf(server)).toEqual({
      path: files.confDir,
      files: 1,
      refused: [{
        file: path,
        problem: "line 3: [project] loop=0: out of range, allowed is 1 to 120",
        earlier_version_counts: true,
      }],
    });
    expect((await server.etmem("status")).stdout).toContain(
      "  a.conf is wrong, what it said before counts: line 3: [project] loop=0: out of range,",
    );
    // A restart would lose it.
    expect(await shown(server)).toEqual(["a started passing"]);
    writeFileSync(path, slideConfig("a", "y"));
    chmodSync(path, 0o644);
    await waitFor("the mode to be refused", async () => {
      return (await confDirOf(server))?.refused[0]?.problem.startsWith("its mode is 0644") ?? false;
    });
    expect(await tasksOf(server, "a")).toEqual(["x"]);
    chmodSync(path, 0o600);
    await untilTasks(server, "a", "y");
    expect((await confDirOf(server))?.refused).toEqual([]);
  });

  test("two files with one project: the first name has it, and etmem doctor says so", async () => {
    using files = new Installation();
    const first = files.conf("a.conf", slideConfig("p", "x"));
    files.conf("b.conf", slideConfig("p", "y"));
    await using server = await files.start(1);
    expect(await tasksOf(server, "p")).toEqual(["x"]);
    const { status, stdout } = await server.etmem("doctor");
    expect(status).toBe(1);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      `the server does not take it: project "p" exists already: it comes from "${first}"`,
    );
    unlinkSync(first);
    await untilTasks(server, "p", "y");
  });

  test("a folder that is gone changes nothing, and is followed when it is there again", async () => {
    using files = new Installation();
    files.conf("a.conf", slideConfig("a", "x"));
    await using server = await files.start(1);
    renameSync(files.confDir, files.at("away"));
    await waitFor("it to be missed", async () => {
      return (await confDirOf(server))?.problem === "there is no such folder";
    });
    expect(await shown(server)).toEqual(["a started passing"]);
    mkdirSync(files.confDir);
    files.conf("b.conf", slideConfig("b", "x"));
    await untilShown(server, "b started persistent");
    files.conf("c.conf", slideConfig("c", "x"));
    await untilShown(server, "c started persistent", "b started persistent");
  });

  test("what was stopped or taken out by hand stays so, SIGHUP included", async () => {
    using files = new Installation();
    const paths = ["a", "b", "c"].map((name) => files.conf(`${name}.conf`, slideConfig(name, "t")));
    await using server = await files.start(3);
    await untilShown(server, ...["c", "b", "a"].map((name) => `${name} started persistent`));
    expect((await server.etmem("project", "stop", "-n", "a")).status).toBe(0);
    expect((await server.etmem("obj", "del", "-f", paths[1]!)).status).toBe(0);
    server.kill("SIGHUP");
    writeFileSync(paths[0]!, slideConfig("a", "t", "u").replace("loop=1", "loop=2"));
    await untilTasks(server, "a", "t", "u");
    expect((await shown(server)).toSorted()).toEqual([
      "a stopped persistent",
      "c started persistent",
    ]);
    writeFileSync(paths[1]!, slideConfig("b", "t", "u"));
    await untilTasks(server, "b", "t", "u");
    expect(await shown(server)).toContain("b started persistent");
  });

  test("SIGHUP has a file read at once, and does no harm without --conf-dir", async () => {
    using files = new Installation();
    await using server = await files.start(0);
    files.conf("a.conf", slideConfig("a", "x"));
    server.kill("SIGHUP");
    await untilShown(server, "a started persistent");
  });
});
