import { beforeEach, describe, expect, test } from "bun:test";
import { configureLog } from "../../../../src/log/logger.ts";
import { ConfFiles, projectText, taskText } from "./conf_files.ts";

const NEVER = new AbortController().signal;
const NOTHING = { projects: [], engines: [], tasks: [] };

let files: ConfFiles;
let lines: string[];

beforeEach(() => {
  files = new ConfFiles();
  lines = [];
  configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
});

/** Sets files, makes a look, and returns what engines were told. */
async function change(texts: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  files.script.calls.length = 0;
  for (const [name, text] of Object.entries(texts)) files.set(name, text);
  await files.apply();
  return files.script.calls;
}

describe("a file that changes", () => {
  test("has only that task stopped and started which is described differently", async () => {
    await change({ a: projectText("p", ["x", "y"]) });
    expect(files.shown).toEqual(["p+ x+ y+"]);
    expect(await change({ a: projectText("p", ["x", "y=2", "z"]) }))
      .toEqual(["stop y", "remove y", "add y", "add z", "start y", "start z"]);
    expect(await change({ a: `# a comment\n${projectText("p", ["z", "y=2", "x"])}` })).toEqual([]);
    expect(await change({ a: projectText("p", ["x"]) }))
      .toEqual(["stop y", "stop z", "remove y", "remove z"]);
    expect(files.shown).toEqual(["p+ x+"]);
  });

  test("has its whole project begin anew when [project] is different", async () => {
    await change({ a: projectText("p", ["x"]), b: projectText("q", ["y"]) });
    const calls = await change({ a: projectText("p", ["x"], 2) });
    expect(calls.filter((call) => call.endsWith(" x")))
      .toEqual(["add x", "stop x", "start x", "remove x"]);
    expect(calls.filter((call) => call.endsWith(" y"))).toEqual([]);
    expect(files.shown).toEqual(["p+ x+", "q+ y+"]);
  });

  test("leaves everything as it is when it is only renamed, or a part of it moves", async () => {
    await change({ a: projectText("p", ["x"]) + projectText("q", ["y"]) });
    expect(await change({ a: undefined, b: projectText("p", ["x"]) + projectText("q", ["y"]) }))
      .toEqual([]);
    expect(await change({ b: projectText("q", ["y"]), a: projectText("p", ["x"]) })).toEqual([]);
    expect(files.registry.view().map(({ confFiles }) => confFiles))
      .toEqual([["/conf.d/b"], ["/conf.d/a"]]);
    await change({ a: undefined });
    expect(files.shown).toEqual(["q+ y+"]);
    await change({ b: undefined });
    expect(files.shown).toEqual([]);
    expect([...files.script.alive]).toEqual([]);
  });

  test("counts as it was while what it says now is wrong, and log and status say why", async () => {
    await change({ a: projectText("p", ["x"]) });
    expect(await change({ a: projectText("p", ["x", "y=99"]) })).toEqual([]);
    expect(files.refused[0]).toMatch(/^a: line \d+: \[task\] T=99: out of range.*\(earlier\)$/);
    expect(lines.at(-1)).toStartWith(
      'error: Cannot use "/conf.d/a" as it is now, what it said before stays: line 22: [task] T=99',
    );
    const count = lines.length;
    await files.apply();
    expect(lines.length).toBe(count);
    expect(files.state.isCurrent("/conf.d/a")).toBeFalse();
    await change({ a: projectText("p", ["x", "y"]) });
    expect(files.refused).toEqual([]);
    expect(lines.at(-1)).toBe('info: "/conf.d/a" is right again');
    expect(files.shown).toEqual(["p+ x+ y+"]);
  });

  test("counts as it was while it cannot be read", async () => {
    await change({ a: projectText("p", ["x"]) });
    files.setUnreadable("a", "its mode is 0644");
    expect(await change({})).toEqual([]);
    expect(files.refused).toEqual(["a: its mode is 0644 (earlier)"]);
    expect(await change({ a: projectText("p", ["x"]) })).toEqual([]);
    expect(files.refused).toEqual([]);
  });

  test("puts back what it had when an engine does not take the new version", async () => {
    await change({ a: projectText("p", ["x", "y"]) + projectText("q", ["z"]) });
    for (const call of ["add n", "start n"] as const) {
      files.script.fail(call);
      const calls = await change({
        a: projectText("p", ["x", "y=2", "n"]) + projectText("q", ["z=2"], 2),
      });
      expect(calls).not.toContain("stop x");
      expect(files.shown).toEqual(["p+ x+ y+", "q+ z+"]);
      expect(files.refused).toEqual([
        `a: ${call === "add n" ? "invalid parameters" : "etmemd has internal error"}: Cannot ` +
        `${call.split(" ")[0]} task "n" of engine "slide" in project "p": ${call} is refused ` +
        "(earlier)",
      ]);
      // Nothing is tried again before the file changes, or somebody asks for it.
      expect(await change({ other: projectText("r", []) })).not.toContain(call);
      files.script.mend(call);
      files.state.retry();
      await files.apply();
      expect(files.shown).toEqual(["p+ n+ x+ y+", "q+ z+", "r+"]);
      await change({
        a: projectText("p", ["x", "y"]) + projectText("q", ["z"]),
        other: undefined,
      });
    }
  });

  test("keeps a stopped project stopped", async () => {
    await change({ a: projectText("p", ["x"]) });
    await files.registry.stop("p", NEVER);
    files.stopped.add("p");
    await change({ a: projectText("p", ["x=2", "y"], 2) });
    expect(files.shown).toEqual(["p- x- y-"]);
  });
});

describe("two files", () => {
  test("that have the same project: the one whose name comes first has it, both ways", async () => {
    await change({ b: projectText("p", ["x"]) + projectText("q", ["y"]) });
    await change({ c: projectText("p", ["z"]) });
    expect(files.shown).toEqual(["p+ x+", "q+ y+"]);
    expect(files.refused).toEqual(['c: project "p" exists already: it comes from "/conf.d/b"']);
    await change({ a: projectText("p", ["z"]) });
    expect(files.shown).toEqual(["p+ z+"]);
    expect(files.refused).toHaveLength(2);
    for (let i = 0; i < 3; i++) expect(await change({})).toEqual([]);
    await change({ a: undefined });
    expect(files.shown).toEqual(["p+ x+", "q+ y+"]);
    await change({ b: undefined });
    expect(files.shown).toEqual(["p+ z+"]);
    expect(files.refused).toEqual([]);
  });

  test("of which one has tasks for the project of the other: they follow it", async () => {
    await change({ a: projectText("p", ["x=6"], 2), b: taskText("p", "y=6") });
    expect(files.shown).toEqual(["p+ x+ y+"]);
    await change({ a: projectText("p", ["x"], 3) });
    expect(files.shown).toEqual(["p+ x+ y+"]);
    await change({ a: projectText("p", ["x"], 1) });
    expect(files.shown).toEqual(["p+ x+"]);
    expect(files.refused[0]).toContain("b: line 7: [task] T=6: out of range");
    await change({ a: projectText("p", ["x"], 2) });
    expect(files.shown).toEqual(["p+ x+ y+"]);
    await change({ a: undefined });
    expect(files.shown).toEqual([]);
    expect(files.refused[0]).toStartWith('b: project is not exist: "p"');
  });
});

describe("what a client did by hand", () => {
  test("taken out, it stays away until its file says something else", async () => {
    await change({ a: projectText("p", ["x", "y"]) + projectText("q", ["z"]) });
    const tasks = [{ project: "p", engine: "slide", name: "y" }];
    await files.registry.remove({ ...NOTHING, projects: ["q"], tasks }, NEVER);
    for (let i = 0; i < 2; i++) expect(await change({})).toEqual([]);
    await change({ b: projectText("r", []) });
    files.setUnreadable("a", "its mode is 0644");
    await change({});
    await change({ a: "no key file" });
    await change({ a: projectText("p", ["x", "y"]) + projectText("q", ["z"]) });
    expect(files.shown).toEqual(["p+ x+", "r+"]);
    await change({ a: projectText("p", ["x", "y"]) + projectText("q", ["z", "n"]) });
    expect(files.shown).toEqual(["p+ x+ y+", "q+ n+ z+", "r+"]);
  });

  test("added under a name of a file that says the same as before, it is left alone", async () => {
    await change({ a: projectText("p", ["x"]) + projectText("q", ["y"]) });
    await files.registry.remove({ ...NOTHING, projects: ["p"] }, NEVER);
    const own = { name: "p", loop: 9, intervalSeconds: 1, sleepSeconds: 1 } as const;
    const project = { ...own, tracker: "auto", mover: "auto" } as const;
    await files.registry.add({ ...NOTHING, projects: [project] }, { signal: NEVER });
    expect(await change({})).toEqual([]);
    expect(files.shown).toEqual(["p-", "q+ y+"]);
    expect(files.refused).toEqual([]);
    await change({ a: projectText("p", ["x"], 2) });
    expect(files.shown).toEqual(["p-", "q+ y+"]);
    expect(files.refused).toEqual([
      'a: project "p" exists already: obj add has brought it from elsewhere (earlier)',
    ]);
    await files.registry.remove({ ...NOTHING, projects: ["p"] }, NEVER);
    await change({});
    expect(files.shown).toEqual(["p+ x+"]);
  });
});
