import { beforeEach, describe, expect, test } from "bun:test";
import { EngineRefusal } from "../../../src/engine/engine.ts";
import { configureLog } from "../../../src/log/logger.ts";
import type { AddOptions } from "../../../src/project/addition.ts";
import { Registry } from "../../../src/project/registry.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";
import { engine, objects, onlyTasks, project, task } from "./descriptions.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { type Call, ScriptedEngines } from "./scripted_engine.ts";

const NEVER = new AbortController().signal;
const ADD: AddOptions = { signal: NEVER };

let script: ScriptedEngines;
let registry: Registry;
let lines: string[];

beforeEach(() => {
  script = new ScriptedEngines();
  registry = new Registry(() => Promise.resolve([script]));
  lines = [];
  configureLog("debug", [(level, line) => lines.push(`${level}: ${line}`)]);
});

/**
 * What is there, in short: `test+: a+ b-` for a started project with tasks, one of them started.
 */
function shown(): string[] {
  return registry.view().map(({ description, started, engines }) => {
    const tasks = engines.flatMap((live) =>
      [...live.tasks].map(({ name, started: runs }) => `${name}${runs ? "+" : "-"}`)
    );
    return `${description.name}${started ? "+" : "-"}: ${tasks.join(" ")}`.trim();
  });
}

async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

async function called(call: Call): Promise<void> {
  await waitFor(call, () => script.calls.includes(call), { firstPauseMs: 1 });
}

/** A change that can be given up from outside. */
function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => controller.abort(new Refusal("internal", "abandoned")),
  };
}

describe("add()", () => {
  test("add() shows projects, engines and tasks newest first", async () => {
    await registry.add(objects("one", "a", "b"), ADD);
    await registry.add(objects("two"), ADD);
    await registry.add(onlyTasks("one", "c"), ADD);
    expect(shown()).toEqual(["two-:", "one-: c- b- a-"]);
    expect(registry.describe("one")).toEqual(project("one"));
    expect(registry.describe("none")).toBeUndefined();
  });

  test("add() refuses what is there already or belongs to nothing, and changes nothing", async () => {
    await registry.add(objects("test", "a"), ADD);
    const cases: [ReturnType<typeof objects>, string][] = [
      [objects("test"), 'error: project has been existed: "test"'],
      [
        { projects: [], engines: [engine("test")], tasks: [] },
        'error: engine has been existed: "slide" in project "test"',
      ],
      [
        onlyTasks("test", "b", "a"),
        'error: task has been existed: "a" of engine "slide" in project "test"',
      ],
      [
        onlyTasks("test", "b", "b"),
        'error: task has been existed: "b" of engine "slide" in project "test"',
      ],
      [
        { projects: [project("x"), project("x")], engines: [], tasks: [] },
        'error: project has been existed: "x"',
      ],
      [
        { projects: [project("x")], engines: [engine("x"), engine("x")], tasks: [] },
        'error: engine has been existed: "slide" in project "x"',
      ],
      [
        { projects: [], engines: [engine("none")], tasks: [] },
        'error: project is not exist: "none"',
      ],
      [onlyTasks("none", "a"), 'error: project is not exist: "none"'],
      [
        { projects: [project("x")], engines: [], tasks: [task("x", "a")] },
        'error: engine is not exist: "slide" in project "x"',
      ],
    ];
    const callsBefore = script.calls.length;
    for (const [file, message] of cases) {
      expect(await refusalOf(registry.add(file, ADD))).toBe(message);
    }
    expect(shown()).toEqual(["test-: a-"]);
    expect(script.calls.length).toBe(callsBefore);
  });

  test("add() refuses an engine that is not in the table, and a task of another engine", async () => {
    const cslide = {
      kind: "cslide",
      project: "test",
      name: "cslide",
      nodePairs: [],
      hotThreshold: 1,
      nodeMigQuotaMb: 1,
      nodeHotReserveMb: 1,
    } as const;
    expect(
      await refusalOf(
        registry.add({ projects: [project("test")], engines: [cslide], tasks: [] }, ADD),
      ),
    ).toBe(
      'error: invalid parameters: Cannot add engine "cslide": cslide is not supported by this version',
    );
    const tasks = [{ ...task("test", "a"), engine: "cslide" }];
    expect(
      await refusalOf(
        registry.add({ projects: [project("test")], engines: [cslide], tasks }, ADD),
      ),
    ).toBe('error: invalid parameters: task "a" is one of slide, engine "cslide" is one of cslide');
    expect(shown()).toEqual([]);
  });

  test("add() refuses a file that was compiled against a project which has changed since", async () => {
    await registry.add(objects("test"), ADD);
    const basis = new Map([["test", project("test")]]);
    expect(await refusalOf(registry.add({ ...onlyTasks("test", "a"), basis }, ADD))).toBe(
      'error: invalid parameters: project "test" has changed meanwhile, try again',
    );
    const description = registry.describe("test");
    const current = new Map(description === undefined ? [] : [["test", description]]);
    await registry.add({ ...onlyTasks("test", "a"), basis: current }, ADD);
    expect(shown()).toEqual(["test-: a-"]);
  });

  test("add() takes everything back when an engine refuses", async () => {
    script.fail("create test", new EngineRefusal("no such library"));
    expect(await refusalOf(registry.add(objects("test", "a"), ADD))).toBe(
      'error: invalid parameters: Cannot add engine "slide": no such library',
    );
    expect(shown()).toEqual([]);
    expect(script.alive.size).toBe(0);
  });

  test("add() takes everything back when a task is refused", async () => {
    script.fail("add c", new EngineRefusal("not this one", { fault: "internal" }));
    expect(await refusalOf(registry.add(objects("test", "a", "b", "c", "d"), ADD))).toBe(
      'error: etmemd has internal error: Cannot add task "c" of engine "slide" in project "test": not this one',
    );
    expect(shown()).toEqual([]);
    expect(script.alive.size).toBe(0);
    expect(script.calls).toContain("remove a");
    expect(script.calls.at(-1)).toBe("close test");
  });

  test("add() starts the tasks of a started project", async () => {
    await registry.add(objects("test", "a"), ADD);
    await registry.start("test", NEVER);
    await registry.add(onlyTasks("test", "b"), ADD);
    expect(shown()).toEqual(["test+: b+ a+"]);
  });

  test("add() takes tasks and engines back that a started project cannot start", async () => {
    await registry.add({ projects: [project("test")], engines: [], tasks: [] }, ADD);
    await registry.start("test", NEVER);
    script.fail("start b");
    const file = { ...objects("test", "a", "b", "c"), projects: [] };
    expect(await refusalOf(registry.add(file, ADD))).toBe(
      'error: etmemd has internal error: Cannot start task "b" of engine "slide" in project "test": start b is refused',
    );
    expect(shown()).toEqual(["test+:"]);
    expect(script.running.size).toBe(0);
    expect(script.alive.size).toBe(0);
    script.mend("start b");
    await registry.add(file, ADD);
    expect(shown()).toEqual(["test+: c+ b+ a+"]);
  });

  test("add() that is given up takes back what is done, and shows nothing meanwhile", async () => {
    const { signal, abort } = abortable();
    script.hold("add b");
    const adding = refusalOf(
      registry.add(objects("test", "a", "b"), { signal }),
    );
    await called("add b");
    expect(shown()).toEqual([]);
    abort();
    script.release("add b");
    expect(await adding).toBe("error: etmemd has internal error: abandoned");
    expect(shown()).toEqual([]);
    expect(script.alive.size).toBe(0);
  });

  test("add() of the same project twice at once is done once", async () => {
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => registry.add(objects("t", "a"), ADD)),
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(shown()).toEqual(["t-: a-"]);
  });
});

describe("histogram() and advise()", () => {
  const REQUEST = { estimateCompression: false, signal: NEVER };

  test("histogram() and advise() are refused where there is nothing to say", async () => {
    await registry.add(objects("test", "a"), ADD);
    const stopped = 'error: project has been stopped: "test": start it ';
    expect(await refusalOf(registry.histogram("test", undefined, REQUEST))).toStartWith(stopped);
    expect(() => registry.advise("test", undefined)).toThrow(stopped);
    await registry.start("test", NEVER);
    expect(await refusalOf(registry.histogram("test", "b", REQUEST)))
      .toBe('error: task is not exist: "b" in project "test"');
    expect(() => registry.advise("test", undefined)).toThrow("only slide is advised");
    expect(() => registry.advise("none", undefined)).toThrow('project is not exist: "none"');
  });

  test("histogram() says of an engine that keeps no ages that there are none", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER, true);
    const missing = "engine slide keeps no ages of memory: only slide does";
    expect(await registry.histogram("test", undefined, REQUEST)).toMatchObject({
      version: 1,
      project: "test",
      dry_run: true,
      tasks: [{ name: "b", engine: "slide", missing }, { name: "a", engine: "slide", missing }],
    });
    const { tasks } = await registry.histogram("test", "a", REQUEST);
    expect(tasks.map(({ name }) => name)).toEqual(["a"]);
  });
});

describe("start()", () => {
  test("start() starts all tasks and logs the schedule", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    expect(shown()).toEqual(["test+: b+ a+"]);
    expect(lines).toContain(
      'info: project "test" is started: round: 3 scans 60 s apart, then 1 s pause',
    );
    expect(await refusalOf(registry.start("test", NEVER))).toBe(
      'error: project has been started: "test"',
    );
    expect(await refusalOf(registry.start("none", NEVER))).toBe(
      'error: project is not exist: "none"',
    );
  });

  test("start() and add() say once what of started tasks has no effect", async () => {
    for (const name of ["a", "b", "c"]) script.warnings.set(name, "marks have no effect: why");
    await registry.add(objects("test", "a", "b"), ADD);
    const warning = 'project "test": marks have no effect: why';
    expect(await registry.start("test", NEVER)).toEqual([warning]);
    expect(lines.filter((line) => line === `warning: ${warning}`)).toHaveLength(1);
    expect(await registry.add(onlyTasks("test", "c"), ADD)).toEqual([warning]);
    expect(await registry.add(onlyTasks("test", "d"), ADD)).toEqual([]);
  });

  test("start() makes a dry run of a project when it or its configuration asks for one", async () => {
    const dry = { ...project("dry"), dryRun: true as const };
    await registry.add({ ...objects("dry", "a"), projects: [dry] }, ADD);
    await registry.add(objects("test", "a"), ADD);
    expect(registry.view().map(({ isDryRun }) => isDryRun)).toEqual([false, false]);
    await registry.start("dry", NEVER);
    await registry.start("test", NEVER, true);
    expect(registry.view().map(({ isDryRun }) => isDryRun)).toEqual([true, true]);
    expect(lines).toContain(
      'info: project "test" is started as a dry run: round: 3 scans 60 s apart, then 1 s pause',
    );
    // a task that comes later is no other
    await registry.add(onlyTasks("test", "b"), ADD);
    const starts = script.calls.filter((call) => call.includes("start"));
    expect(starts).toEqual(["dry start a", "dry start a", "dry start b"]);
    await registry.stop("test", NEVER);
    await registry.start("test", NEVER);
    expect(registry.view("test").map(({ isDryRun }) => isDryRun)).toEqual([false]);
    expect(script.calls.slice(-2)).toEqual(["start a", "start b"]);
  });

  test("start() refuses a dry run of an engine that would move", async () => {
    script.hasDryRun = false;
    await registry.add(objects("test", "a"), ADD);
    expect(await refusalOf(registry.start("test", NEVER, true))).toBe(
      'error: invalid parameters: Cannot start task "a" of engine "slide" in project "test": ' +
        "engine slide has no dry run: it would move memory",
    );
    expect(shown()).toEqual(["test-: a-"]);
    await registry.start("test", NEVER);
  });

  test("start() warns of a project that has no task", async () => {
    await registry.add(objects("test"), ADD);
    expect(await registry.start("test", NEVER)).toEqual(['project "test" has no task']);
    expect(lines).toContain('warning: project "test" has no task');
    await registry.stop("test", NEVER);
    await registry.add(onlyTasks("test", "a"), ADD);
    expect(await registry.start("test", NEVER)).toEqual([]);
  });

  test("start() leaves nothing running when one task is refused", async () => {
    await registry.add(objects("test", "a", "b", "c"), ADD);
    script.fail("start b", new EngineRefusal("there is no swap space"));
    expect(await refusalOf(registry.start("test", NEVER))).toBe(
      'error: etmemd has internal error: Cannot start task "b" of engine "slide" in project "test": there is no swap space',
    );
    expect(shown()).toEqual(["test-: c- b- a-"]);
    expect(script.calls).not.toContain("start c");
    script.mend("start b");
    await registry.start("test", NEVER);
    expect(shown()).toEqual(["test+: c+ b+ a+"]);
  });

  test("start() answers invalid parameters when the engine blames the configuration", async () => {
    await registry.add(objects("test", "a"), ADD);
    script.fail("start a", new EngineRefusal("dram_percent needs pages", { fault: "invalid" }));
    expect(await refusalOf(registry.start("test", NEVER))).toStartWith(
      "error: invalid parameters: ",
    );
  });

  test("start() answers an internal error and logs the stack when the engine is broken", async () => {
    await registry.add(objects("test", "a"), ADD);
    script.fail("start a", new TypeError("x is undefined"));
    expect(await refusalOf(registry.start("test", NEVER))).toBe(
      'error: etmemd has internal error: Cannot start task "a" of engine "slide" in project "test": x is undefined',
    );
    expect(lines.some((line) => line.includes("scripted_engine.ts") || line.includes("TypeError")))
      .toBe(true);
    expect(shown()).toEqual(["test-: a-"]);
  });

  test("start() that is given up leaves nothing running", async () => {
    const { signal, abort } = abortable();
    await registry.add(objects("test", "a", "b", "c"), ADD);
    script.hold("start b");
    const starting = refusalOf(registry.start("test", signal));
    await called("start b");
    abort();
    script.release("start b");
    expect(await starting).toBe("error: etmemd has internal error: abandoned");
    expect(shown()).toEqual(["test-: c- b- a-"]);
    expect(script.running.size).toBe(0);
    await registry.start("test", NEVER);
    expect(shown()).toEqual(["test+: c+ b+ a+"]);
  });

  test("view() does not wait for a start that hangs, nor does another project", async () => {
    await registry.add(objects("slow", "a"), ADD);
    await registry.add(objects("quick", "b"), ADD);
    script.hold("start a");
    const starting = registry.start("slow", NEVER);
    await registry.start("quick", NEVER);
    expect(shown()).toEqual(["quick+: b+", "slow-: a-"]);
    const stopping = registry.stop("slow", NEVER);
    script.release("start a");
    await starting;
    await stopping;
    expect(shown()).toEqual(["quick+: b+", "slow-: a-"]);
  });
});

describe("stop()", () => {
  test("stop() stops all tasks of a project, all at once", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    script.hold("stop a");
    const stopping = registry.stop("test", NEVER);
    await called("stop b");
    script.release("stop a");
    await stopping;
    expect(shown()).toEqual(["test-: b- a-"]);
    expect(await refusalOf(registry.stop("test", NEVER))).toBe(
      'error: project has been stopped: "test"',
    );
    expect(await refusalOf(registry.stop("none", NEVER))).toBe(
      'error: project is not exist: "none"',
    );
  });

  test("stop() stops the others and says which task could not be stopped", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    script.fail("stop a", new EngineRefusal("the kernel holds it"));
    expect(await refusalOf(registry.stop("test", NEVER))).toBe(
      'error: etmemd has internal error: Cannot stop task "a" of engine "slide" in project "test": the kernel holds it',
    );
    expect(script.running).toEqual(new Set(["test/a"]));
  });
});

describe("remove()", () => {
  test("remove() of a task stops it and leaves the rest", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    const names = {
      projects: [],
      engines: [],
      tasks: [{ project: "test", engine: "slide", name: "a" }],
    };
    await registry.remove(names, NEVER);
    expect(shown()).toEqual(["test+: b+"]);
    expect(script.running).toEqual(new Set(["test/b"]));
    expect(await refusalOf(registry.remove(names, NEVER))).toBe(
      'error: task is not exist: "a" of engine "slide" in project "test"',
    );
  });

  test("remove() of an engine takes all its tasks along", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    const names = { projects: [], engines: [{ project: "test", name: "slide" }], tasks: [] };
    await registry.remove(names, NEVER);
    expect(shown()).toEqual(["test+:"]);
    expect(script.alive.size).toBe(0);
    expect(await refusalOf(registry.remove(names, NEVER))).toBe(
      'error: engine is not exist: "slide" in project "test"',
    );
  });

  test("remove() of a project stops it and takes everything along", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    const names = {
      projects: ["test"],
      engines: [{ project: "test", name: "slide" }],
      tasks: [{ project: "test", engine: "slide", name: "b" }],
    };
    await registry.remove(names, NEVER);
    expect(shown()).toEqual([]);
    expect(script.alive.size).toBe(0);
    expect(script.running.size).toBe(0);
    expect(script.calls.filter((call) => call.startsWith("remove"))).toHaveLength(2);
    expect(await refusalOf(registry.remove({ projects: ["test"], engines: [], tasks: [] }, NEVER)))
      .toBe('error: project is not exist: "test"');
  });

  test("remove() changes nothing when one of the names is not there", async () => {
    await registry.add(objects("test", "a"), ADD);
    await registry.start("test", NEVER);
    const names = {
      projects: ["test"],
      engines: [],
      tasks: [{ project: "test", engine: "slide", name: "b" }],
    };
    expect(await refusalOf(registry.remove(names, NEVER))).toStartWith("error: task is not exist");
    expect(shown()).toEqual(["test+: a+"]);
  });

  test("remove() goes on when an engine fails at it, and says so in the log", async () => {
    await registry.add(objects("test", "a", "b"), ADD);
    script.fail("remove a", new Error("broken"));
    await registry.remove({ projects: ["test"], engines: [], tasks: [] }, NEVER);
    expect(shown()).toEqual([]);
    expect(script.calls).toContain("remove b");
    expect(script.calls).toContain("close test");
    expect(lines).toContain(
      'error: Cannot remove task "a" of engine "slide" in project "test": broken',
    );
  });
});

describe("command()", () => {
  async function run(command: string, overrides: object = {}): Promise<string> {
    let text = "";
    await registry.command({
      project: "test",
      engine: "slide",
      command,
      json: false,
      write: (piece) => text += piece.toString(),
      lag: () => undefined,
      signal: NEVER,
      ...overrides,
    });
    return text;
  }

  test("command() hands the engine's answer on", async () => {
    await registry.add(objects("test", "a"), ADD);
    await registry.start("test", NEVER);
    expect(await run("show", { task: "a" })).toBe("show of a\n");
    expect(await run("show")).toBe("show of all\n");
  });

  test("command() refuses what is not there, and a project that is not started", async () => {
    expect(await refusalOf(run("show"))).toBe('error: project is not exist: "test"');
    await registry.add(objects("test", "a"), ADD);
    expect(await refusalOf(run("show", { engine: "x" }))).toBe(
      'error: engine is not exist: "x" in project "test"',
    );
    expect(await refusalOf(run("show", { task: "x" }))).toBe(
      'error: task is not exist: "x" of engine "slide" in project "test"',
    );
    expect(await refusalOf(run("show"))).toBe(
      'error: project has been stopped: "test": start it to use engine commands',
    );
    await registry.start("test", NEVER);
    script.fail("command show", new EngineRefusal("there is no such command"));
    expect(await refusalOf(run("show"))).toBe(
      'error: invalid parameters: Cannot run "show": there is no such command',
    );
  });

  test("command() answers with the reason for which it was given up", async () => {
    await registry.add(objects("test", "a"), ADD);
    await registry.start("test", NEVER);
    const { signal, abort } = abortable();
    script.hold("command show");
    script.fail("command show", new Error("interrupted"));
    const running = refusalOf(run("show", { signal }));
    await called("command show");
    abort();
    script.release("command show");
    expect(await running).toBe("error: etmemd has internal error: abandoned");
  });
});

describe("a command that takes its time", () => {
  /** Two commands that run, one of them about task b. */
  async function hang(): Promise<{ readonly all: Promise<string>; readonly b: Promise<string> }> {
    await registry.add(objects("test", "a", "b"), ADD);
    await registry.start("test", NEVER);
    script.hold("command show");
    script.hold("command tell");
    const request = {
      project: "test",
      engine: "slide",
      json: false,
      write: () => {},
      lag: () => undefined,
      signal: NEVER,
    };
    const all = refusalOf(registry.command({ ...request, command: "show" }));
    const b = refusalOf(registry.command({ ...request, command: "tell", task: "b" }));
    await called("command show");
    await called("command tell");
    return { all, b };
  }

  test("holds no change up that has nothing to do with it", async () => {
    await hang();
    await registry.add(onlyTasks("test", "c"), ADD);
    expect(shown()).toEqual(["test+: c+ b+ a+"]);
    expect(script.hurried).toEqual([]);
  });

  test("ends with a stop of the project, of which its client is told", async () => {
    const { all, b } = await hang();
    await registry.stop("test", NEVER);
    expect(shown()).toEqual(["test-: b- a-"]);
    const told = 'error: project has been stopped: "test": stopped during the command';
    expect([await all, await b]).toEqual([told, told]);
    expect(script.hurried).toEqual(["show", "tell"]);
    // Once more, with what still runs of them: nobody waits for it.
    await registry.start("test", NEVER);
    script.release("command show");
    script.release("command tell");
    await registry.stop("test", NEVER);
  });

  test("is told to hurry although its client has gone before the stop", async () => {
    await registry.add(objects("test", "a"), ADD);
    await registry.start("test", NEVER);
    script.hold("command show");
    const { signal, abort } = abortable();
    const gone = refusalOf(registry.command({
      project: "test",
      engine: "slide",
      command: "show",
      json: false,
      write: () => {},
      lag: () => undefined,
      signal,
    }));
    await called("command show");
    abort();
    expect(await gone).toBe("error: etmemd has internal error: abandoned");
    expect(script.hurried).toEqual([]);
    await registry.stop("test", NEVER);
    expect(script.hurried).toEqual(["show"]);
  });

  test("ends with the removal of its engine, or of everything", async () => {
    const removed = await hang();
    await registry.remove(
      { projects: [], engines: [{ project: "test", name: "slide" }], tasks: [] },
      NEVER,
    );
    const told =
      'error: engine is not exist: "slide" in project "test": removed during the command';
    expect([await removed.all, await removed.b]).toEqual([told, told]);
    expect(script.hurried).toEqual(["show", "tell"]);
  });

  test("ends for its client when a task is removed, while the engine may finish it", async () => {
    const { all } = await hang();
    await registry.remove(
      { projects: [], engines: [], tasks: [{ project: "test", engine: "slide", name: "b" }] },
      NEVER,
    );
    expect(await all).toBe(
      'error: task is not exist: task "b" of engine "slide" in project "test" was removed during the command',
    );
    expect(script.hurried).toEqual([]);
    expect(shown()).toEqual(["test+: a+"]);
  });

  test("ends with the server", async () => {
    const { all } = await hang();
    await registry.close();
    expect(await all).toBe(
      'error: project has been stopped: "test": stopped during the command',
    );
    expect(shown()).toEqual([]);
  });
});

test("view() refuses a project that is not there", async () => {
  await registry.add(objects("test"), ADD);
  expect(registry.view("test")).toHaveLength(1);
  expect(() => registry.view("none")).toThrow('error: project is not exist: "none"');
});

describe("objects of --conf-dir", () => {
  const KEPT: AddOptions = { confFile: "/conf.d/kept", signal: NEVER };

  test("view() tells the files of a project that comes from such files alone", async () => {
    await registry.add(objects("kept", "a"), KEPT);
    await registry.add(objects("passing"), ADD);
    const confFiles = () => registry.view().map((view) => view.confFiles);
    expect(confFiles()).toEqual([undefined, ["/conf.d/kept"]]);
    await registry.add(onlyTasks("kept", "b"), ADD);
    expect(confFiles()).toEqual([undefined, undefined]);
    const tasks = [{ project: "kept", engine: "slide", name: "b" }];
    expect(await registry.remove({ projects: [], engines: [], tasks }, NEVER)).toEqual({
      confFiles: [],
      problems: [],
      out: { bytes: 0, isWhole: true },
    });
    expect(confFiles()).toEqual([undefined, ["/conf.d/kept"]]);
    await registry.add(onlyTasks("kept", "b"), { ...KEPT, confFile: "/conf.d/more" });
    expect(confFiles()).toEqual([undefined, ["/conf.d/kept", "/conf.d/more"]]);
  });

  test("remove() tells the files that hold what is gone", async () => {
    await registry.add(objects("kept", "a"), KEPT);
    await registry.add(onlyTasks("kept", "b"), { ...KEPT, confFile: "/conf.d/more" });
    const names = { projects: ["kept"], engines: [], tasks: [] };
    expect(await registry.remove(names, NEVER)).toEqual({
      confFiles: ["/conf.d/kept", "/conf.d/more"],
      problems: [],
      out: { bytes: 0, isWhole: true },
    });
  });

  test("start() and stop() are remembered, close() is not", async () => {
    const remembered: string[] = [];
    registry = new Registry(() => Promise.resolve([script]), (name, started) => {
      remembered.push(`${name} ${started}`);
      return Promise.resolve();
    });
    await registry.add(objects("kept", "a"), KEPT);
    await registry.add(objects("passing", "b"), ADD);
    for (const name of ["kept", "passing"]) {
      await registry.start(name, NEVER);
      await registry.stop(name, NEVER);
      await registry.start(name, NEVER);
    }
    await registry.close();
    expect(remembered).toEqual(["kept true", "kept false", "kept true"]);
  });

  test("start() as a dry run is remembered only when the configuration asks for it", async () => {
    const remembered: string[] = [];
    registry = new Registry(() => Promise.resolve([script]), (name, started) => {
      remembered.push(`${name} ${started}`);
      return Promise.resolve();
    });
    const dry = { ...project("dry"), dryRun: true as const };
    await registry.add({ ...objects("dry", "a"), projects: [dry] }, KEPT);
    await registry.add(objects("kept", "b"), KEPT);
    await registry.start("dry", NEVER);
    await registry.start("kept", NEVER, true);
    // a server that starts anew would move what is only looked at
    expect(remembered).toEqual(["dry true", "kept false"]);
    const persistent = registry.view().map(({ confFiles }) => confFiles !== undefined);
    expect(persistent).toEqual([false, true]);
  });

  test("start() and stop() are done, with a warning, when they cannot be remembered", async () => {
    registry = new Registry(
      () => Promise.resolve([script]),
      () => Promise.reject(new Error("no room")),
    );
    await registry.add(objects("kept", "a"), KEPT);
    const warning = 'Cannot remember over a restart that project "kept" is';
    expect(await registry.start("kept", NEVER)).toEqual([`${warning} started: no room`]);
    expect(shown()).toEqual(["kept+: a+"]);
    expect(await registry.stop("kept", NEVER)).toEqual([`${warning} stopped: no room`]);
    expect(shown()).toEqual(["kept-: a-"]);
    expect(lines).toContain(`warning: ${warning} stopped: no room`);
  });
});

test("close() stops and removes everything", async () => {
  await registry.add(objects("one", "a", "b"), ADD);
  await registry.add(objects("two", "c"), ADD);
  await registry.start("one", NEVER);
  script.fail("stop a", new Error("stuck"));
  await registry.close();
  expect(shown()).toEqual([]);
  expect(script.calls).toContain("close two");
  expect(script.running).toEqual(new Set(["one/a"]));
});
