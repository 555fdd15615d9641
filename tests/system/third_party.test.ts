import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineProcessesOf } from "../tools/fixtures/engines/engine_processes_of.ts";
import { compileEngine } from "../tools/fixtures/engines/compile_engine.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { ask, RawClient } from "./raw_client.ts";
import { ServerProcess, slideConfig } from "./server_process.ts";

/** Of an operation, more than anything takes: what a test waits for then does not wait for this. */
const LONG_SECONDS = 60;
/**
 * Where the limit itself is to be seen, in less than the 8 s after which a client is answered that
 * it was too long.
 */
const SHORT_SECONDS = 4;

let server: ServerProcess;
let recorder: string;
let misbehaving: string;

beforeAll(() => {
  recorder = compileEngine("recorder.c");
  misbehaving = compileEngine("misbehave.c");
});
beforeEach(async () => {
  server = await startServer(LONG_SECONDS);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** @param limitSeconds of an operation. */
function startServer(limitSeconds: number): Promise<ServerProcess> {
  return ServerProcess.start({ env: { ETMEMD_ENGINE_LIMIT_SECONDS: `${limitSeconds}` } });
}

function engineConfig(
  project: string,
  name: string,
  libname: string,
  opsName: string,
  keys: string,
): string {
  return [
    `[engine]\nname=thirdparty\nproject=${project}\neng_name=${name}`,
    `libname=${libname}\nops_name=${opsName}\n${keys}\n`,
    `[task]\nproject=${project}\nengine=${name}\nname=t-${name}\ntype=pid\nvalue=${process.pid}\n`,
  ].join("\n");
}

function projectConfig(project: string): string {
  return `[project]\nname=${project}\nloop=1\ninterval=1\nsleep=1\n\n`;
}

async function done(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await server.etmem(...args);
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: "" });
  return stdout;
}

async function refused(...args: string[]): Promise<string> {
  const { status, stderr } = await server.etmem(...args);
  expect({ args, status }).toEqual({ args, status: 1 });
  return stderr.trim();
}

/** cmd of protocol v1. */
const COMMANDS = { add: 0, del: 1, start: 2, stop: 3, show: 4, engine: 5 } as const;
type Step = keyof typeof COMMANDS;

interface Arguments {
  readonly file?: string;
  readonly command?: string;
  readonly engine?: string;
}

function requestV1(
  step: Step,
  project: string,
  { file = "-", command = "-", engine = "worse" }: Arguments = {},
): string {
  return `proj_name ${project} file_name ${file} cmd ${COMMANDS[step]} ` +
    `eng_name ${engine} eng_cmd ${command} task_name -`;
}

/** What a v1 client is answered: a process less than with etmem. */
function request(step: Step, project: string, args?: Arguments): Promise<string> {
  return ask(server.name, requestV1(step, project, args));
}

/** By which step of a project's life each operation is called. */
const CALLED_BY: Readonly<Record<string, Step>> = {
  fill_eng_params: "add",
  fill_task_params: "add",
  alloc_pid_params: "start",
  start_task: "start",
  eng_mgt_func: "engine",
  stop_task: "stop",
  free_pid_params: "stop",
  clear_task_params: "del",
  clear_eng_params: "del",
};

/** Why the task of a project has failed, as status says. */
async function failureOf(project: string): Promise<string> {
  const { status, stdout } = await server.etmem("status", "-n", project, "--json");
  if (status !== 0) return "gone";
  return /"failed":"([^"]*)"/.exec(stdout)?.[1] ?? "not failed";
}

/** The fields of an engine in the order in which docs/status.md names them. */
function documentedEngineFields(): string[] {
  const page = readFileSync(join(import.meta.dir, "../../docs/status.md"), "utf8");
  const row = /^\| `engines` +\| each with (.*)$/m.exec(page)?.[1] ?? "";
  return Array.from(row.replaceAll(/\(.*?\)/g, "").matchAll(/`(.*?)`/g), ([, name = ""]) => name);
}

/** The collector of the runtime has what it likes by then. */
const WARM_UP_CYCLES = 20;
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

/** What a process holds. */
function useOf(pid: number): { readonly descriptors: number; readonly anonymousBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    anonymousBytes: Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
  };
}

/**
 * Whether the main thread of a process is in pause(2),
 * which is ppoll(2) on aarch64 (proc_pid_syscall(5)).
 */
function isInPause(pid: number): boolean {
  const number = readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ")[0];
  return number === (process.arch === "x64" ? "34" : "73");
}

/** Whether the main thread of a process is in write(2). */
function isInWrite(pid: number): boolean {
  const number = readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ")[0];
  return number === (process.arch === "x64" ? "1" : "64");
}

/** The last column of `project show` by task. */
async function started(project: string): Promise<Record<string, string>> {
  const rows = (await done("project", "show", "-n", project)).trim().split("\n").slice(2);
  return Object.fromEntries(rows.map((row) => {
    const columns = row.trim().split(/\s+/);
    return [columns[3] ?? "", columns[5] ?? ""];
  }));
}

describe("third-party engines", () => {
  test("two engines of one library stand beside slide in one project", async () => {
    const calls = join(server.folder, "calls");
    const text = slideConfig("mixed", "cold") +
      ["one", "two"].map((name) =>
        engineConfig("mixed", name, recorder, "recorder_ops", `record=${calls}.${name}`)
      ).join("\n");
    const file = server.file("mixed.conf", text);
    expect(await done("obj", "add", "-f", file)).toBe("");
    expect(engineProcessesOf(server.pid)).toHaveLength(2);
    for (const name of ["one", "two"]) {
      expect(await refused("engine", "ping", "-n", "mixed", "-e", name)).toContain(
        "error: project has been stopped",
      );
    }
    // The engine slide is refused on a machine without swap space; the others do not depend on it.
    const only = server.file(
      "cold.conf",
      slideConfig("mixed", "cold").replace(/\[project\][^[]*/, ""),
    );
    await done("obj", "del", "-f", only);
    await done("project", "start", "-n", "mixed");
    expect(await started("mixed")).toEqual({ "t-two": "true", "t-one": "true" });
    for (const name of ["one", "two"]) {
      expect(await done("engine", "ping", "-n", "mixed", "-e", name)).toBe(
        `ping of all in ${name}\n`,
      );
      expect(await done("engine", "ping", "-n", "mixed", "-e", name, "-t", `t-${name}`)).toBe(
        `ping of t-${name} in ${name}\n`,
      );
    }
    const v1 = `proj_name mixed file_name - cmd 5 eng_name two eng_cmd hi task_name -`;
    expect(await ask(server.name, v1)).toBe("hi of all in two\n[ok]");
    expect(await refused("engine", "no", "-n", "mixed", "-e", "one")).toBe(
      'error: invalid parameters: Cannot run "no": engine one: eng_mgt_func returned 1',
    );
    await done("project", "stop", "-n", "mixed");
    await done("obj", "del", "-f", server.file("del.conf", projectConfig("mixed")));
    for (const name of ["one", "two"]) {
      const lines = readFileSync(`${calls}.${name}`, "utf8").trim().split("\n");
      expect(lines[0]).toStartWith(`fill_eng_params ${name} `);
      expect(lines).toContain(`clear_eng_params ${name}: the engine's own, tasks 0`);
      expect(lines.at(-1)).toBe("unloaded");
    }
    expect(engineProcessesOf(server.pid)).toEqual([]);
  });

  test("a hang and a crash are told to the client and in status, and others never notice", async () => {
    await server[Symbol.asyncDispose]();
    server = await startServer(SHORT_SECONDS);
    const bad = projectConfig("bad") +
      engineConfig("bad", "worse", misbehaving, "misbehave_ops", "hang=stop_task");
    const good = projectConfig("good") +
      engineConfig("good", "rec", recorder, "recorder_ops", `record=${server.folder}/good`);
    const [badFile, goodFile] = [server.file("bad.conf", bad), server.file("good.conf", good)];
    await done("obj", "add", "-f", badFile);
    await done("obj", "add", "-f", goodFile);
    await done("project", "start", "-n", "good");
    await done("project", "start", "-n", "bad");
    const goodHost = engineProcessesOf(server.pid).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("good/rec")
    );
    expect(await refused("project", "stop", "-n", "bad")).toBe(
      'error: etmemd has internal error: Cannot stop task "t-worse" of engine "worse" in project "bad": ' +
        `engine worse: stop_task did not return within ${SHORT_SECONDS} s`,
    );
    await done("project", "start", "-n", "bad");
    await done("engine", "thread", "-n", "bad", "-e", "worse");
    await waitFor(
      "the task to have failed",
      async () => (await started("bad"))["t-worse"] === "false",
    );
    const status = JSON.parse(await done("status", "-n", "bad", "--json")) as ServerStatus;
    expect(status).toMatchObject({
      projects: [{
        engines: [{
          kind: "thirdparty",
          tasks: [{ started: false, failed: "engine worse: died of SIGSEGV" }],
        }],
      }],
    });
    expect(Object.keys(status.projects[0]?.engines[0] ?? {})).toEqual(documentedEngineFields());
    expect(await refused("engine", "beats", "-n", "bad", "-e", "worse")).toContain(
      "engine worse: its process has died, stop and start the project",
    );
    expect(await started("good")).toEqual({ "t-rec": "true" });
    expect(await done("engine", "ping", "-n", "good", "-e", "rec")).toBe("ping of all in rec\n");
    expect(engineProcessesOf(server.pid)).toEqual([goodHost ?? 0]);
    // Its task has failed already, so that nothing hangs.
    await done("project", "stop", "-n", "bad");
    await done("project", "start", "-n", "bad");
    expect(await done("engine", "beats", "-n", "bad", "-e", "worse")).toBe("beating\n");
    expect(await started("bad")).toEqual({ "t-worse": "true" });
    await done("obj", "del", "-f", goodFile);
    await done("obj", "del", "-f", badFile);
    expect(engineProcessesOf(server.pid)).toEqual([]);
  });

  test("a refused engine is named with its reason, and nothing of its file is added", async () => {
    const foreign = join(server.folder, "foreign.so");
    const header = readFileSync(recorder);
    header.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
    writeFileSync(foreign, header, { mode: 0o500 });
    const readable = join(server.folder, "readable.so");
    writeFileSync(readable, readFileSync(recorder), { mode: 0o755 });
    const needy = compileEngine("needs_missing.c", [], join(server.folder, "needy.so"));
    const cases = [
      ["recorder_ops", foreign, "", `Cannot load "${foreign}": it is built for `],
      ["recorder_ops", readable, "", "its mode is 0755, allowed is 0500 or 0700 (chmod 500)"],
      ["needy_ops", needy, "", "undefined symbol: from_elsewhere"],
      ["recorder_ops", "recorder.so", "", "libname=recorder.so: not an absolute path"],
      ["recorder_ops", "/none.so", "", 'engine no: Cannot load "/none.so": there is no such file'],
      ["none_ops", recorder, "", 'Cannot find "none_ops" in'],
      ["misbehave_ops", misbehaving, "refuse=fill_eng_params", "fill_eng_params returned 7"],
      ["misbehave_ops", misbehaving, "refuse=fill_task_params", "fill_task_params returned 7"],
      ["misbehave_ops", misbehaving, "crash=fill_eng_params", "fill_eng_params died of SIGSEGV"],
    ] as const;
    for (const [ops, library, keys, reason] of cases) {
      const text = projectConfig("no") + engineConfig("no", "no", library, ops, keys);
      const file = server.file("no.conf", text);
      const answer = await request("add", "no", { file });
      expect({ ops, library, keys, answer }).toEqual({
        ops,
        library,
        keys,
        answer: expect.stringMatching(/^error: [^\n]*\[failed\]$/),
      });
      expect(answer).toContain(reason);
      expect(await request("show", "no")).toBe('error: project is not exist: "no"[failed]');
    }
    const nothing = projectConfig("no") + engineConfig("no", "no", recorder, "null_ops", "");
    const file = server.file("no.conf", nothing);
    expect(await request("add", "no", { file })).toBe("[ok]");
    expect(await request("start", "no")).toContain("engine no: its start_task is NULL[failed]");
    expect(await request("del", "no", { file })).toBe("[ok]");
    expect(engineProcessesOf(server.pid)).toEqual([]);
  });

  test("a crash in any of the nine operations is told, and others never notice", async () => {
    const goodFile = server.file(
      "good.conf",
      projectConfig("good") +
        engineConfig("good", "rec", recorder, "recorder_ops", `record=${server.folder}/good`),
    );
    expect(await request("add", "good", { file: goodFile })).toBe("[ok]");
    expect(await request("start", "good")).toBe("[ok]");
    const [goodHost] = engineProcessesOf(server.pid);
    for (const [operation, step] of Object.entries(CALLED_BY)) {
      const died = `engine worse: ${operation} died of SIGSEGV`;
      const engine = engineConfig(
        "bad",
        "worse",
        misbehaving,
        "misbehave_ops",
        `crash=${operation}`,
      );
      const file = server.file("bad.conf", projectConfig("bad") + engine);
      const life = { operation, step, answer: "", shown: "", failed: "" };
      for (const next of ["add", "start", "engine", "stop", "del"] as const) {
        const answer = await request(next, "bad", { file, command: "say" });
        if (answer === "[ok]") continue;
        Object.assign(life, { step: next, answer });
        const show = await request("show", "bad");
        life.shown = /t-worse +worse +(\S+)/.exec(show)?.[1] ?? "gone";
        life.failed = await failureOf("bad");
        break;
      }
      const isGone = step === "add" || step === "del";
      expect(life).toEqual({
        operation,
        step,
        answer: expect.stringContaining(
          step === "del" ? `${died}\n[ok]` : `${died}[failed]`,
        ),
        shown: isGone ? "gone" : "false",
        failed: isGone ? "gone" : died,
      });
      expect(await request("engine", "good", { command: "ping", engine: "rec" })).toBe(
        "ping of all in rec\n[ok]",
      );
      if (step === "engine") expect(await request("stop", "bad")).toBe("[ok]");
      if (!isGone) expect(await request("del", "bad", { file })).toBe("[ok]");
      expect(engineProcessesOf(server.pid)).toEqual([goodHost ?? 0]);
    }
  });

  test("a client that does not read its answer holds nobody up", async () => {
    const text = projectConfig("loud") +
      engineConfig("loud", "worse", misbehaving, "misbehave_ops", "");
    expect(await request("add", "loud", { file: server.file("loud.conf", text) })).toBe("[ok]");
    expect(await request("start", "loud")).toBe("[ok]");
    using client = await RawClient.connect(server.name, false);
    client.send(requestV1("engine", "loud", { command: "megabyte" }));
    const answer = await request("engine", "loud", { command: "megabyte" });
    expect(answer === `${"x".repeat(1_000_000)}[ok]`).toBe(true);
    expect(await request("stop", "loud")).toBe("[ok]");
  });

  for (const command of ["much", "first"]) {
    const what = command === "much" ? "a client that reads slowly" : "a command that hangs";
    test(`${what} keeps nobody from stopping the project`, async () => {
      const calls = join(server.folder, "calls");
      const text = projectConfig("busy") +
        engineConfig("busy", "rec", recorder, "recorder_ops", `record=${calls}`) +
        engineConfig("busy", "worse", misbehaving, "misbehave_ops", "");
      const file = server.file("busy.conf", text);
      expect(await request("add", "busy", { file })).toBe("[ok]");
      for (const how of ["stop", "del"] as const) {
        expect(await request("start", "busy")).toBe("[ok]");
        using client = await RawClient.connect(server.name, false);
        client.send(requestV1("engine", "busy", { command }));
        await waitFor(
          "the command to be held up",
          () => engineProcessesOf(server.pid).some((pid) => isInPause(pid) || isInWrite(pid)),
        );
        // So it is done in the 8 s of a request: it does not wait for the operation, which has much
        // longer.
        expect(await request(how, "busy", { file })).toBe("[ok]");
        expect(readFileSync(calls, "utf8")).toContain("stop_task t-rec");
        if (how === "stop") {
          expect(await started("busy")).toEqual({ "t-rec": "false", "t-worse": "false" });
          writeFileSync(calls, "");
        }
        client.resume();
        expect(await client.answer()).toEndWith(
          how === "stop"
            ? 'error: project has been stopped: "busy": stopped during the command[failed]'
            : 'error: engine is not exist: "worse" in project "busy": removed during the command[failed]',
        );
      }
      expect(engineProcessesOf(server.pid)).toEqual([]);
    });
  }

  test("a host is no target, and a hundred cycles leave nothing behind", async () => {
    const text = projectConfig("again") +
      engineConfig("again", "rec", recorder, "recorder_ops", `record=${server.folder}/again`);
    const file = server.file("again.conf", text);
    /**
     * @returns the least of each that the server held in between: the collector comes when it
     * likes.
     */
    const cycles = async (count: number): Promise<ReturnType<typeof useOf>> => {
      const least = { descriptors: Infinity, anonymousBytes: Infinity };
      for (let i = 0; i < count; i++) {
        for (const step of ["add", "start", "stop", "del"] as const) {
          expect(await request(step, "again", { file })).toBe("[ok]");
          if (step !== "start") continue;
          const [host] = engineProcessesOf(server.pid);
          expect(readFileSync(`/proc/${host}/comm`, "utf8")).toBe("etmemd-engine\n");
        }
        const { descriptors, anonymousBytes } = useOf(server.pid);
        least.descriptors = Math.min(least.descriptors, descriptors);
        least.anonymousBytes = Math.min(least.anonymousBytes, anonymousBytes);
      }
      return least;
    };
    await cycles(WARM_UP_CYCLES);
    const before = await cycles(WARM_UP_CYCLES);
    await cycles(100 - 2 * WARM_UP_CYCLES);
    const after = await cycles(WARM_UP_CYCLES);
    expect(engineProcessesOf(server.pid)).toEqual([]);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.anonymousBytes - before.anonymousBytes).toBeLessThan(MAX_GROWTH_BYTES);
  });

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`hosts end with a server that ends by ${signal}`, async () => {
      await using other = await startServer(LONG_SECONDS);
      const record = join(other.folder, "record");
      const text = projectConfig("p") +
        engineConfig("p", "rec", recorder, "recorder_ops", `record=${record}`) +
        engineConfig("p", "bad", misbehaving, "misbehave_ops", "hang=eng_mgt_func");
      await other.etmem("obj", "add", "-f", other.file("p.conf", text));
      expect((await other.etmem("project", "start", "-n", "p")).stderr).toBe("");
      const hosts = engineProcessesOf(other.pid);
      expect(hosts).toHaveLength(2);
      const hanging = other.etmem("engine", "x", "-n", "p", "-e", "bad");
      await waitFor("the command to hang", () => hosts.some(isInPause));
      // To the hosts as well, as systemd does.
      if (signal === "SIGTERM") { for (const pid of hosts) process.kill(pid, signal); }
      other.kill(signal);
      await other.exited;
      await hanging;
      await waitFor("the hosts to be gone", () =>
        hosts.every((pid) => {
          try {
            return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
          } catch {
            return true;
          }
        }));
    });
  }
});

test("an engine sees whether its project is started, as the original shows it", async () => {
  const calls = join(server.folder, "calls");
  const shown = (): string[] =>
    [...readFileSync(calls, "utf8").matchAll(/^(\w+): project .*\bstart (\d)/gm)]
      .map(([, operation, start]) => `${operation} ${start}`);
  const take = (): string[] => {
    const lines = shown();
    writeFileSync(calls, "");
    return lines;
  };
  const task = (name: string): string =>
    `[task]\nproject=p\nengine=rec\nname=${name}\ntype=pid\nvalue=${process.pid}\n`;
  const first = server.file(
    "first.conf",
    projectConfig("p") + engineConfig("p", "rec", recorder, "recorder_ops", `record=${calls}`) +
      task("second"),
  );
  await done("obj", "add", "-f", first);
  expect(take()).toEqual(["fill_eng_params 0", "fill_task_params 0", "fill_task_params 0"]);
  await done("project", "start", "-n", "p");
  expect(take()).toEqual(["start_task 0", "start_task 0"]);
  await done("obj", "add", "-f", server.file("later.conf", task("later")));
  expect(take()).toEqual(["fill_task_params 1", "start_task 1"]);
  await done("obj", "del", "-f", join(server.folder, "later.conf"));
  expect(take()).toEqual(["stop_task 1", "clear_task_params 1"]);
  await done("obj", "del", "-f", first);
  expect(take()).toEqual([
    "stop_task 1",
    "stop_task 1",
    "clear_task_params 1",
    "clear_task_params 1",
    "clear_eng_params 1",
  ]);
});

test("an engine that looks for its processes itself works with and without them", async () => {
  const comm = `sought-${process.pid}`.slice(0, 15);
  const spawn = (): Bun.Subprocess =>
    Bun.spawn(["bash", "-c", `echo -n ${comm} >/proc/self/comm; read`], { stdin: "pipe" });
  const number = async (command: string): Promise<number> =>
    Number(await done("engine", command, "-n", "p", "-e", "seek", "-t", "t-seek"));
  const file = server.file(
    "seek.conf",
    projectConfig("p") +
      engineConfig("p", "seek", compileEngine("seeker.c"), "seeker_ops", "")
        .replace(/type=pid\nvalue=\d+/, `type=name\nvalue=${comm}`),
  );
  await done("obj", "add", "-f", file);
  await done("project", "start", "-n", "p");
  expect([await number("given"), await number("found")]).toEqual([0, 0]);
  const late = spawn();
  try {
    await waitFor("the engine to find the process", async () => await number("found") === 1);
    expect(await number("given")).toBe(0);
    await done("project", "stop", "-n", "p");
    await done("project", "start", "-n", "p");
    expect(await number("given")).toBe(1);
  } finally {
    late.kill("SIGKILL");
    await late.exited;
  }
  await waitFor("the engine to miss the process", async () => await number("found") === 0);
  expect(await number("given")).toBe(1);
  await done("obj", "del", "-f", file);
});
