import { beforeEach, describe, expect, test } from "bun:test";
import { configureLog } from "../../../src/log/logger.ts";
import { Registry } from "../../../src/project/registry.ts";
import type { Update } from "../../../src/project/update.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { engine, objects, onlyTasks, project, task } from "./descriptions.ts";
import { type Call, ScriptedEngines } from "./scripted_engine.ts";

const NEVER = new AbortController().signal;
const NOTHING = { projects: [], engines: [], tasks: [] };

let script: ScriptedEngines;
let registry: Registry;
/** What is in the log. */
let lines: string[];

beforeEach(async () => {
  lines = [];
  configureLog("error", [(_level, line) => lines.push(line)]);
  script = new ScriptedEngines();
  registry = new Registry(() => Promise.resolve([script]));
  await registry.add(objects("p", "a", "b"), { signal: NEVER });
  await registry.start("p", NEVER);
  script.calls.length = 0;
});

/** `p+: b+ a+`: projects and their tasks, newest first. */
function shown(): string[] {
  return registry.view().map(({ description: { name }, started, engines }) => {
    const tasks = engines.flatMap((live) =>
      [...live.tasks].map((one) => `${one.name}${one.started ? "+" : "-"}`)
    );
    return `${name}${started ? "+" : "-"}: ${tasks.join(" ")}`.trim();
  });
}

async function update(change: Partial<Update>): Promise<string> {
  try {
    await registry.update(["p"], NEVER, () => ({ remove: NOTHING, add: NOTHING, ...change }));
    return "done";
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const TASK_A = { project: "p", engine: "slide", name: "a" };

describe("update()", () => {
  test("update() replaces one task, and leaves the others of its engine alone", async () => {
    const add = { ...NOTHING, tasks: [{ ...task("p", "a"), T: 2 }] };
    expect(await update({ remove: { ...NOTHING, tasks: [TASK_A] }, add })).toBe("done");
    expect(script.calls).toEqual(["stop a", "remove a", "add a", "start a"]);
    expect(shown()).toEqual(["p+: a+ b+"]);
  });

  test("update() makes the engine of a new version before it stops the old one", async () => {
    const add = { ...objects("p", "a", "c"), projects: [{ ...project("p"), loop: 5 }] };
    expect(await update({ remove: { ...NOTHING, projects: ["p"] }, add })).toBe("done");
    const called = (call: Call): number => script.calls.indexOf(call);
    expect(called("create p")).toBe(0);
    expect(called("add c")).toBeLessThan(called("stop a"));
    expect(called("stop b")).toBeLessThan(called("start c"));
    expect(shown()).toEqual(["p+: c+ a+"]);
    expect(registry.describe("p")?.loop).toBe(5);
    expect([...script.alive].toSorted()).toEqual(["p", "p/a", "p/c"]);
    expect(lines).toEqual([]);
  });

  test("update() keeps a stopped project stopped", async () => {
    await registry.stop("p", NEVER);
    const add = { ...objects("p", "c"), projects: [{ ...project("p"), loop: 5 }] };
    expect(await update({ remove: { ...NOTHING, projects: ["p"] }, add })).toBe("done");
    expect(shown()).toEqual(["p-: c-"]);
  });

  test("update() touches nothing that runs when a new engine or task cannot be made", async () => {
    const add = { ...objects("p", "c"), projects: [{ ...project("p"), loop: 5 }] };
    for (const call of ["create p", "add c"] as const) {
      script.fail(call);
      expect(await update({ remove: { ...NOTHING, projects: ["p"] }, add }))
        .toContain(`${call} is refused`);
      script.mend(call);
    }
    expect(script.calls.filter((call) => call.startsWith("stop"))).toEqual([]);
    expect(shown()).toEqual(["p+: b+ a+"]);
    expect([...script.alive].filter((one) => one !== "p").toSorted()).toEqual(["p/a", "p/b"]);
  });

  test("update() puts the old tasks back when a new one cannot be added or started", async () => {
    const add = onlyTasks("p", "a", "c");
    for (const call of ["add c", "start c"] as const) {
      script.fail(call);
      expect(await update({ remove: { ...NOTHING, tasks: [TASK_A] }, add }))
        .toContain(`${call} is refused`);
      script.mend(call);
      expect(shown().map((line) => line.split(" ").toSorted())).toEqual([["a+", "b+", "p+:"]]);
      expect([...script.running].toSorted()).toEqual(["p/a", "p/b"]);
    }
    expect(script.calls).not.toContain("stop b");
  });

  test("update() puts a whole project back when the new one cannot be started", async () => {
    script.fail("start c");
    const add = { ...objects("p", "a", "c"), projects: [{ ...project("p"), loop: 5 }] };
    expect(await update({ remove: { ...NOTHING, projects: ["p"] }, add }))
      .toContain("start c is refused");
    expect(shown()).toEqual(["p+: b+ a+"]);
    expect(registry.describe("p")?.loop).toBe(3);
    expect([...script.running].toSorted()).toEqual(["p/a", "p/b"]);
  });

  test("update() starts nothing again once the server is to end", async () => {
    const stop = new AbortController();
    script.hold("stop a");
    const add = { ...objects("p", "c"), projects: [{ ...project("p"), loop: 5 }] };
    const updated = registry.update(["p"], stop.signal, () => ({
      remove: { ...NOTHING, projects: ["p"] },
      add,
    }));
    await waitFor("the old task's stop", () => script.calls.includes("stop a"), {
      firstPauseMs: 1,
    });
    stop.abort(new Refusal("internal", "the end"));
    script.release("stop a");
    expect(await updated.catch(String)).toContain("the end");
    expect([...script.running]).toEqual([]);
    await registry.close();
    expect([...script.alive]).toEqual([]);
  });

  test("update() refuses what stands against it, and changes nothing", async () => {
    expect(await update({ add: { ...NOTHING, engines: [engine("p")] } }))
      .toBe('error: engine has been existed: "slide" in project "p"');
    expect(await update({ remove: { ...NOTHING, projects: ["q"] } }))
      .toBe('error: project is not exist: "q"');
    const remove = { ...NOTHING, engines: [{ project: "p", name: "slide" }] };
    expect(await update({ remove, add: onlyTasks("p", "c") }))
      .toBe('error: engine is not exist: "slide" in project "p"');
    expect(script.calls).toEqual([]);
  });
});
