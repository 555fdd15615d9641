import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { type Finished, ServerProcess, slideConfig } from "./server_process.ts";
import { version as VERSION } from "../../package.json";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ held: [] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const DONE: Finished = { status: 0, stdout: "", stderr: "" };

function refused(line: string): Finished {
  return { status: 1, stdout: "", stderr: `${line}\n` };
}

test("an administrator's day: add, start, look, add more, stop, delete", async () => {
  const path = server.file("day.conf", slideConfig("day", "a", "b"));
  const more = server.file(
    "more.conf",
    "[task]\nproject=day\nengine=slide\nname=c\ntype=pid\nvalue=1\nT=1\n",
  );
  const show = async (): Promise<string[]> => {
    const { stdout } = await server.etmem("project", "show", "-n", "day");
    return [...stdout.matchAll(/^(\d+) +\S+ +\S+ +(\S+) +slide +(true|false) +$/gm)]
      .map(([, number, name, started]) => `${number} ${name} ${started}`);
  };
  const project = (command: string): Promise<Finished> =>
    server.etmem("project", command, "-n", "day");
  const engine = (...args: string[]): Promise<Finished> =>
    server.etmem("engine", "look", "-n", "day", "-e", "slide", ...args);

  expect(await server.etmem("obj", "add", "-f", path)).toEqual(DONE);
  expect(await server.etmem("obj", "add", "-f", path)).toEqual(
    refused('error: project has been existed: "day"'),
  );
  expect(await show()).toEqual(["1 b false", "2 a false"]);
  expect(await engine()).toEqual(
    refused('error: project has been stopped: "day": start it to use engine commands'),
  );
  expect(await project("start")).toEqual(DONE);
  expect(await project("start")).toEqual(refused('error: project has been started: "day"'));
  expect(await server.etmem("obj", "add", "-f", more)).toEqual(DONE);
  expect(await show()).toEqual(["1 c true", "2 b true", "3 a true"]);
  expect(await engine("-t", "b")).toEqual({ ...DONE, stdout: "look of b\n" });
  expect(await engine()).toEqual({ ...DONE, stdout: "look of all\n" });
  expect(await engine("-t", "z")).toEqual(
    refused('error: task is not exist: "z" of engine "slide" in project "day"'),
  );
  expect(await server.etmem("obj", "del", "-f", more)).toEqual(DONE);
  expect(await show()).toEqual(["1 b true", "2 a true"]);
  expect(await project("stop")).toEqual(DONE);
  expect(await project("stop")).toEqual(refused('error: project has been stopped: "day"'));
  expect(await show()).toEqual(["1 b false", "2 a false"]);
  expect(await server.etmem("obj", "del", "-f", path)).toEqual(DONE);
  expect(await project("show")).toEqual(refused('error: project is not exist: "day"'));
});

test("status is a document, and a table without --json", async () => {
  const path = server.file("status.conf", slideConfig("status", "a"));
  expect(await server.etmem("obj", "add", "-f", path)).toEqual(DONE);
  const { stdout } = await server.etmem("status", "-n", "status", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    server: { pid: server.pid, socket: server.name, version: VERSION, workers: 0 },
    projects: [{
      name: "status",
      started: false,
      persistent: false,
      loop: 1,
      interval_us: 1_000_000,
      sleep_us: 1_000_000,
      tracker: "auto",
      mover: "auto",
      engines: [{ name: "slide", kind: "slide", tasks: [{ name: "a", value: "no-such-process" }] }],
    }],
  });
  expect((await server.etmem("status")).stdout).toContain(`pid ${server.pid}`);
  expect(await server.etmem("status", "-n", "none")).toEqual(
    refused('error: project is not exist: "none"'),
  );
  expect(await server.etmem("obj", "del", "-f", path)).toEqual(DONE);
});

test("a key that is not known is said to whoever adds the file", async () => {
  const text = slideConfig("odd", "a").replace("loop=1", "loop=1\nsleeep=2");
  const path = server.file("odd.conf", text);
  const { status, stdout, stderr } = await server.etmem("obj", "add", "-f", path);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^warning: "[^"]*odd\.conf" line 4: [^\n]*sleeep[^\n]*sleep[^\n]*\n$/);
  expect(await server.etmem("obj", "del", "-f", path)).toMatchObject({ status: 0 });
});

test("what a file repeats, or names in vain, is said with its line", async () => {
  const engine = "[engine]\nname=slide\nproject=lines\n";
  const task = "[task]\nproject=lines\nengine=slide\nname=one\ntype=pid\nvalue=1\nT=1\n";
  const project = "[project]\nname=lines\nloop=1\ninterval=1\nsleep=1\n";
  const cases = [
    [project + project, 'project has been existed: "lines", already in line 1 of this file'],
    [
      project + engine + engine,
      'engine has been existed: "slide" in project "lines", already in line 6 of this file',
    ],
    [
      project + engine + task + task,
      'task has been existed: "one" of engine "slide" in project "lines", already in line 9 of this file',
    ],
    [engine, 'project is not exist: "lines", named by [engine] in line 1'],
    [`\n${task}`, 'project is not exist: "lines", named by [task] in line 2'],
    [
      project + task,
      'engine is not exist: "slide" in project "lines", named by [task] in line 6',
    ],
    [
      project.replace("project", "Project") + engine + task,
      'project is not exist: "lines", named by [engine] in line 6; ' +
      "line 1 has the unknown group [Project], the nearest is [project]",
    ],
    [
      project + engine.replace("engine", "ENGINE") + task,
      'engine is not exist: "slide" in project "lines", named by [task] in line 9; ' +
      "line 6 has the unknown group [ENGINE], the nearest is [engine]",
    ],
  ] as const;
  for (const [text, answer] of cases) {
    const path = server.file("lines.conf", text);
    expect(await server.etmem("obj", "add", "-f", path)).toEqual(refused(`error: ${answer}`));
  }
});

test("a file that others may read is refused", async () => {
  const path = server.file("open.conf", slideConfig("open", "a"));
  chmodSync(path, 0o644);
  for (const command of ["add", "del"]) {
    const { status, stderr } = await server.etmem("obj", command, "-f", path);
    expect(status).toBe(1);
    expect(stderr).toStartWith(`error: invalid parameters: Cannot use "${path}": its mode is 0644`);
  }
});
