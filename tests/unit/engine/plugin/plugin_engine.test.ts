import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileEngine } from "../../../tools/fixtures/engines/compile_engine.ts";
import { engineProcessesOf } from "../../../tools/fixtures/engines/engine_processes_of.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { PluginEngine } from "../../../../src/engine/plugin/plugin_engine.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { Asked, makeEngine, makeTask, Record } from "./engine_setup.ts";

const PID = process.pid;
const START = `start_task: project proj type 0 interval 5 loop 3 sleep 1 sysmem 60 marks 4 3`;

/**
 * Where the limit of an operation is to be seen: as short as what does not hang allows on a busy
 * machine.
 */
const SOON = { limitMs: 3_000 };

afterEach(() => configureLog("error", []));

/** Why something failed. */
function reasonOf(failing: Promise<void>): Promise<string> {
  return failing.then(() => "it went well", (error: Error) => error.message);
}

/** All operations of an engine. */
const OPERATIONS = [
  "fill_eng_params",
  "clear_eng_params",
  "fill_task_params",
  "clear_task_params",
  "start_task",
  "stop_task",
  "alloc_pid_params",
  "free_pid_params",
  "eng_mgt_func",
] as const;

/** Has each operation called of an engine that is open. */
async function live(engine: PluginEngine): Promise<void> {
  await engine.addTask(makeTask("a"));
  await engine.startTask("a");
  await engine.command(new Asked("say"));
  await engine.stopTask("a");
  await engine.removeTask("a");
  await engine.close();
}

/** The lines of the log from a level on. */
function logLines(): string[] {
  const lines: string[] = [];
  configureLog("warning", [(level, line) => lines.push(`${level}: ${line}`)]);
  return lines;
}

describe("PluginEngine", () => {
  test("calls the operations in their order with linked structs and the keys of the file", async () => {
    using record = new Record();
    await using _child = Bun.spawn(["sleep", "infinity"], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const engine = makeEngine({
      source: "recorder.c",
      keys: `${record.key}\ngreeting=tab\\there`,
    });
    await engine.open();
    await engine.addTask(makeTask("a"));
    await engine.addTask(makeTask("flagged", { type: "name", comm: "no-such-comm" }));
    expect(record.take()).toEqual([
      "fill_eng_params eng type 7 greeting tab\there loop 3 handler 1",
      `fill_eng_params: project proj type 0 interval 5 loop 3 sleep 1 sysmem 60 marks 4 3 start 0 set 0 linked 1`,
      `fill_task_params a pid ${PID} threads 2 flag 0 colour red of a of eng greeting tab\there`,
      "fill_task_params: project start 0",
      "fill_task_params: tasks a",
      "fill_task_params flagged name no-such-comm threads 2 flag 1 colour red of flagged of eng greeting tab\there",
      "fill_task_params: project start 0",
      "fill_task_params: tasks flagged a",
    ]);
    await engine.startTask("a");
    expect(engine.taskStatus("a")).toMatchObject({ started: true, type: "pid", value: `${PID}` });
    const started = record.take();
    expect(started).toContain(`alloc_pid_params ${PID} of a in eng`);
    const pids = started.filter((line) => line.startsWith("alloc_pid_params")).length;
    expect(pids).toBeGreaterThan(1);
    expect(started.slice(pids)).toEqual([
      `${START} start 0 set 0 linked 1`,
      "start_task: tasks flagged a",
      `start_task a: ${pids} pids, own engine 1`,
    ]);
    const ask = new Asked("hello", { task: "a" });
    await engine.command(ask);
    expect(ask.text).toBe("hello of a in eng\n");
    const all = new Asked("x".repeat(200));
    await engine.command(all);
    expect(all.text).toBe(`${"x".repeat(200)} of all in eng\n`);
    record.take();
    await engine.stopTask("a");
    expect(engine.taskStatus("a").started).toBe(false);
    const stopped = record.take();
    expect(stopped[0]).toBe(`stop_task a: ${pids} pids, the engine's own`);
    expect(stopped[1]).toBe("stop_task: project start 0");
    expect(stopped.slice(2).toSorted()).toEqual(
      started.slice(0, pids).map((line) => line.replace("alloc", "free")).toSorted(),
    );
    await engine.removeTask("flagged");
    await engine.removeTask("a");
    await engine.close();
    expect(record.take()).toEqual([
      "clear_task_params flagged: red of flagged",
      "clear_task_params: project start 0",
      "clear_task_params a: red of a",
      "clear_task_params: project start 0",
      "clear_eng_params eng: the engine's own, tasks 0",
      "clear_eng_params: project start 0",
      "unloaded",
    ]);
  });

  test("unlinks a task from the middle of the list", async () => {
    using record = new Record();
    const engine = makeEngine({ source: "recorder.c", keys: record.key });
    await engine.open();
    for (const name of ["a", "b", "c", "d"]) await engine.addTask(makeTask(name));
    for (const name of ["b", "d"]) await engine.removeTask(name);
    await engine.startTask("a");
    expect(record.take()).toContain("start_task: tasks c a");
    await engine.stopTask("a");
    for (const name of ["c", "a"]) await engine.removeTask(name);
    await engine.close();
  });

  test("starts and stops a task of an engine whose operations are all NULL but for what is refused", async () => {
    const engine = makeEngine({ source: "recorder.c", opsName: "null_ops" });
    await engine.open();
    await engine.addTask(makeTask("a"));
    expect(await reasonOf(engine.startTask("a"))).toContain("engine eng: its start_task is NULL");
    expect(await reasonOf(engine.command(new Asked("x")))).toContain("its eng_mgt_func is NULL");
    await engine.stopTask("a");
    await engine.removeTask("a");
    await engine.close();
  });

  test("says what is wrong with the library, its symbol or its dependencies, and leaves no process", async () => {
    const refusal = async (setup: Parameters<typeof makeEngine>[0]): Promise<string> => {
      const engine = makeEngine(setup);
      const reason = await reasonOf(engine.open());
      await engine.close();
      return reason;
    };
    expect(await refusal({ libname: "/none.so" })).toBe(
      'engine eng: Cannot load "/none.so": there is no such file',
    );
    expect(await refusal({ source: "recorder.c", opsName: "other_ops" })).toMatch(
      /^engine eng: Cannot find "other_ops" in "\/.*recorder.so": no such symbol \(ops_name\)$/,
    );
    expect(await refusal({ keys: "no key" })).toContain("engine eng: ");
    expect(engineProcessesOf(PID)).toEqual([]);
  });

  for (
    const operation of ["fill_eng_params", "fill_task_params", "alloc_pid_params", "start_task"]
  ) {
    test(`says that ${operation} refused, and goes on`, async () => {
      const engine = makeEngine({ keys: `refuse=${operation}` });
      const run = async (): Promise<void> => {
        await engine.open();
        await engine.addTask(makeTask("a"));
        await engine.startTask("a");
      };
      const about = operation === "alloc_pid_params" ? " for pid" : "";
      expect(await reasonOf(run())).toContain(`engine eng: ${operation} returned 7${about}`);
      if (operation !== "fill_eng_params") {
        expect(engineProcessesOf(PID)).toHaveLength(1);
        await engine.command(new Asked("say"));
      }
      await engine.close();
      expect(engineProcessesOf(PID)).toEqual([]);
    });
  }

  for (const operation of OPERATIONS) {
    test(`outlives a crash and an exit in ${operation}`, async () => {
      const ends = [
        ["crash", `engine eng: ${operation} died of SIGSEGV`],
        ["exit", `engine eng: ${operation} ended its process with status 3`],
      ] as const;
      await Promise.all(ends.map(async ([key, message]) => {
        const engine = makeEngine({ keys: `${key}=${operation}` });
        expect(await reasonOf(engine.open().then(() => live(engine)))).toBe(message);
        await engine.close();
      }));
      expect(engineProcessesOf(PID)).toEqual([]);
    });
  }

  test("says that the library crashed while it was loaded", async () => {
    const libname = join(mkdtempSync(join(tmpdir(), "etmem-crash-")), "crash.so");
    compileEngine("misbehave.c", ["-DCRASH_WHEN_LOADED"], libname);
    const engine = makeEngine({ libname });
    expect(await reasonOf(engine.open())).toContain("engine eng: loading died of SIGSEGV");
    await engine.close();
    rmSync(dirname(libname), { recursive: true });
  });

  test("reports the tasks failed when a thread of the engine crashes, and starts a fresh process", async () => {
    const lines = logLines();
    const engine = makeEngine();
    await engine.open();
    await engine.addTask(makeTask("a"));
    await engine.addTask(makeTask("b"));
    await engine.startTask("a");
    const [before] = engineProcessesOf(PID);
    await engine.command(new Asked("thread"));
    await waitFor("the task to be failed", () => engine.taskStatus("a").failed !== undefined);
    expect(engine.taskStatus("a")).toMatchObject({
      started: false,
      failed: "engine eng: died of SIGSEGV",
    });
    expect(engine.taskStatus("b").failed).toBeUndefined();
    expect(lines).toContain("error: project proj: engine eng: died of SIGSEGV");
    expect(await reasonOf(engine.command(new Asked("say")))).toContain("its process has died");
    await engine.stopTask("a");
    expect(engine.taskStatus("a").failed).toBe("engine eng: died of SIGSEGV");
    await engine.startTask("a");
    expect(engine.taskStatus("a").failed).toBeUndefined();
    expect(engine.taskStatus("a").started).toBe(true);
    const [after] = engineProcessesOf(PID);
    expect(after).not.toBe(before);
    const beats = new Asked("beats");
    await engine.command(beats);
    expect(beats.text).toBe("beating\n");
    await engine.stopTask("a");
    await engine.close();
  });

  test("relays a megabyte, and replaces and logs the bytes that end an answer", async () => {
    const lines = logLines();
    const engine = makeEngine();
    await engine.open();
    const megabyte = new Asked("megabyte");
    await engine.command(megabyte);
    expect(megabyte.text === "x".repeat(1_000_000)).toBe(true);
    const reserved = new Asked("reserved");
    await engine.command(reserved);
    expect(reserved.text).toBe("a?b?c");
    expect(lines.filter((line) => line.includes("2 bytes 0xff and 0xfe"))).toHaveLength(1);
    const closed = new Asked("close");
    await engine.command(closed);
    expect(closed.text).toBe("closed\n");
    expect(await reasonOf(engine.command(new Asked("unknown")))).toContain(
      "engine eng: eng_mgt_func returned 1",
    );
    expect(await reasonOf(engine.command(new Asked("say", { json: true })))).toContain("--json");
    await engine.close();
  });

  test("takes tasks in and forgets them after its process has died", async () => {
    const lines = logLines();
    const engine = makeEngine();
    const killProcess = async (): Promise<void> => {
      lines.length = 0;
      for (const pid of engineProcessesOf(PID)) process.kill(pid, "SIGKILL");
      await waitFor("the death to be noticed", () => lines.length > 0);
      expect(lines).toEqual(["error: project proj: engine eng: died of SIGKILL"]);
    };
    await engine.open();
    await engine.addTask(makeTask("a"));
    await killProcess();
    await engine.addTask(makeTask("b"));
    expect(engineProcessesOf(PID)).toHaveLength(1);
    for (const name of ["a", "b"]) await engine.startTask(name);
    for (const name of ["a", "b"]) await engine.stopTask(name);
    await killProcess();
    for (const name of ["a", "b"]) await engine.removeTask(name);
    await engine.close();
    expect(engineProcessesOf(PID)).toEqual([]);
  });

  for (
    const [command, reason] of [
      ["abort", "died of SIGABRT"],
      ["close_all", "ended its process with status 1"],
      ["junk", "wrote into the channel to the server"],
      ["invent", "wrote into the channel to the server"],
    ]
  ) {
    test(`outlives an engine that does "${command}"`, async () => {
      const engine = makeEngine();
      await engine.open();
      expect(await reasonOf(engine.command(new Asked(command ?? "")))).toBe(
        `engine eng: eng_mgt_func ${reason}`,
      );
      await engine.close();
      expect(engineProcessesOf(PID)).toEqual([]);
    });
  }

  test("ends an engine that has closed the socket over which it gets descriptors", async () => {
    const engine = makeEngine();
    await engine.open();
    await engine.addTask(makeTask("a"));
    await engine.startTask("a");
    await engine.command(new Asked("close_4"));
    const reason = "engine eng: closed the channel for descriptors";
    expect(await reasonOf(engine.command(new Asked("say")))).toBe(reason);
    await waitFor("the task to be failed", () => engine.taskStatus("a").failed !== undefined);
    expect(engine.taskStatus("a")).toMatchObject({ started: false, failed: reason });
    await engine.stopTask("a");
    await engine.startTask("a");
    await engine.command(new Asked("say"));
    await engine.close();
    expect(engineProcessesOf(PID)).toEqual([]);
  });

  test("leaves a file alone that has taken the number of the answer's descriptor", async () => {
    const engine = makeEngine();
    await engine.open();
    for (const command of ["replace", "say", "own"]) await engine.command(new Asked(command));
    await engine.close();
  });

  test("logs so many lines of a flood, and says that there were more", async () => {
    const lines = logLines();
    const engine = makeEngine();
    await engine.open();
    await engine.command(new Asked("flood"));
    await waitFor("a second to pass", () => lines.some((line) => line.includes("left out")));
    expect(lines.findIndex((line) => line.includes("left out"))).toBe(100);
    expect(lines[100]).toMatch(/^warning: project proj: engine eng: \d+ more lines, left out/);
    expect(lines[0]).toBe(
      "warning: project proj: engine eng: the quick brown fox jumps over the lazy dog",
    );
    await engine.command(new Asked("say"));
    await engine.close();
    expect(engineProcessesOf(PID)).toEqual([]);
  });

  test("lets a process be that the engine has put into a session of its own", async () => {
    const engine = makeEngine();
    await engine.open();
    const [pid] = engineProcessesOf(PID);
    await engine.command(new Asked("daemon"));
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
    expect(child).toBeGreaterThan(0);
    await engine.close();
    expect(engineProcessesOf(PID)).toEqual([]);
    process.kill(child, "SIGKILL");
  });

  test("counts tasks that wait for a process as failed, too, when the process dies", async () => {
    const engine = makeEngine();
    await engine.open();
    await engine.addTask(makeTask("a", { type: "name", comm: "no-such-comm" }));
    await engine.startTask("a");
    await engine.command(new Asked("thread"));
    await waitFor("the task to be failed", () => engine.taskStatus("a").failed !== undefined);
    expect(engine.taskStatus("a")).toMatchObject({
      started: false,
      failed: "engine eng: died of SIGSEGV",
    });
    await engine.stopTask("a");
    await engine.startTask("a");
    expect(engine.taskStatus("a").started).toBe(true);
    await engine.stopTask("a");
    await engine.close();
  });

  test("logs what the engine prints, line by line, and no banner when it crashes", async () => {
    const lines = logLines();
    const engine = makeEngine({ keys: "crash=start_task" });
    await engine.open();
    await engine.addTask(makeTask("a"));
    await engine.command(new Asked("say"));
    expect(await reasonOf(engine.startTask("a"))).toContain("start_task died of SIGSEGV");
    await engine.close();
    expect(lines.toSorted()).toEqual([
      "error: project proj: engine eng: start_task died of SIGSEGV",
      "warning: project proj: engine eng: on stderr",
      "warning: project proj: engine eng: on stdout",
    ]);
  });

  test("starts a task at once, whether its process is there or not", async () => {
    using record = new Record();
    const engine = makeEngine({ source: "recorder.c", keys: record.key });
    await engine.open();
    await engine.addTask(makeTask("a", { type: "name", comm: `late-${PID}`.slice(0, 15) }));
    await engine.startTask("a");
    expect(engine.taskStatus("a").started).toBe(true);
    expect(record.take().at(-1)).toBe("start_task a: 0 pids, own engine 1");
    await engine.stopTask("a");
    expect(record.take()).toEqual([
      "stop_task a: 0 pids, the engine's own",
      "stop_task: project start 0",
    ]);
    await engine.close();
  });

  test("takes a task that the engine refuses out of its list again", async () => {
    using record = new Record();
    const engine = makeEngine({ source: "recorder.c", keys: record.key });
    await engine.open();
    await engine.addTask(makeTask("a"));
    const refused = { ...makeTask("b"), keyFileText: "[task]\nname=b\ncolour=refused\n" };
    expect(await reasonOf(engine.addTask(refused))).toContain("fill_task_params returned 1");
    expect(record.take().at(-1)).toBe("fill_task_params: tasks b a");
    await engine.startTask("a");
    expect(record.take()).toContain("start_task: tasks a");
    await engine.close();
  });

  test("tells the engine when the project is started and stopped", async () => {
    using record = new Record();
    const engine = makeEngine({ source: "recorder.c", keys: record.key });
    await engine.open();
    await engine.addTask(makeTask("a"));
    await engine.startTask("a");
    expect(record.take()).toContain(`${START} start 0 set 0 linked 1`);
    engine.projectStarted(true);
    await engine.command(new Asked("x"));
    expect(record.take()).toContain("eng_mgt_func: project start 1");
    await engine.addTask(makeTask("b"));
    expect(record.take()).toContain("fill_task_params: project start 1");
    await engine.startTask("b");
    expect(record.take()).toContain(`${START} start 1 set 0 linked 1`);
    engine.projectStarted(false);
    await engine.stopTask("b");
    expect(record.take()).toContain("stop_task: project start 0");
    await engine.close();
  });

  test("takes processes that the engine has started along when it ends", async () => {
    const engine = makeEngine();
    await engine.open();
    const [pid] = engineProcessesOf(PID);
    await engine.command(new Asked("child"));
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
    expect(child).toBeGreaterThan(0);
    await engine.close();
    await waitFor("the child to be gone", () => {
      try {
        return / Z /.test(readFileSync(`/proc/${child}/stat`, "utf8"));
      } catch {
        return true;
      }
    });
  });

  test("leaves no process and no descriptor behind after many cycles", async () => {
    const cycles = Number(process.env["ETMEM_TEST_CYCLES"] ?? 10);
    const cycle = async (): Promise<void> => {
      const engine = makeEngine();
      await engine.open();
      await engine.addTask(makeTask("a"));
      await engine.startTask("a");
      await engine.command(new Asked("beats"));
      await engine.stopTask("a");
      await engine.removeTask("a");
      await engine.close();
    };
    await cycle();
    const before = readdirSync("/proc/self/fd").length;
    for (let i = 0; i < cycles; i++) await cycle();
    expect(engineProcessesOf(PID)).toEqual([]);
    // The runtime closes its own of an ended process when it comes to it.
    await waitFor("the descriptors to be closed", () => {
      return readdirSync("/proc/self/fd").length <= before;
    });
  });
});

// They wait for the limit, at the same time.
describe("PluginEngine, when an operation takes long", () => {
  afterAll(() => expect(engineProcessesOf(PID)).toEqual([]));

  test.concurrent("outlives a hang in each operation", async () => {
    const engines: PluginEngine[] = [];
    const reasons: Promise<string>[] = [];
    for (const operation of OPERATIONS) {
      const engine = makeEngine({ keys: `hang=${operation}`, ...SOON });
      engines.push(engine);
      const opened = engine.open();
      reasons.push(reasonOf(opened.then(() => live(engine))));
      // One process starts after the other, in the time that it has for that.
      if (operation !== "fill_eng_params") await opened;
    }
    expect(await Promise.all(reasons)).toEqual(
      OPERATIONS.map((operation) => `engine eng: ${operation} did not return within 3 s`),
    );
    for (const engine of engines) await engine.close();
  });

  test.concurrent("outlives an engine that says without end that it is called", async () => {
    const engine = makeEngine(SOON);
    await engine.open();
    expect(await reasonOf(engine.command(new Asked("calling")))).toBe(
      "engine eng: eng_mgt_func did not return within 3 s",
    );
    await engine.close();
  });

  test.concurrent("relays an answer as it is written", async () => {
    const engine = makeEngine(SOON);
    await engine.open();
    const first = new Asked("first");
    let isOver = false;
    const reason = reasonOf(engine.command(first)).finally(() => {
      isOver = true;
    });
    await waitFor("the first piece", () => isOver || first.text === "first\n", { firstPauseMs: 1 });
    expect(isOver).toBe(false);
    expect(await reason).toBe("engine eng: eng_mgt_func did not return within 3 s");
    await engine.close();
  });

  test.concurrent("holds an operation up, and its clock, while the client takes nothing", async () => {
    const engine = makeEngine(SOON);
    await engine.open();
    // More than a socket holds.
    const megabyte = new Asked("megabyte");
    megabyte.held = Bun.sleep(SOON.limitMs + 1_000).then(() => {
      megabyte.held = undefined;
    });
    await engine.command(megabyte);
    expect(megabyte.text.length).toBe(1_000_000);
    await engine.close();
  });
});
