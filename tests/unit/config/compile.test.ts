import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileConfig } from "../../../src/config/compile.ts";
import { ConfigError } from "../../../src/config/config_error.ts";
import type { TaskDescription } from "../../../src/config/engines.ts";
import { compile, CSLIDE, put, refusal, SLIDE, THIRD_PARTY, warnings } from "./config_text.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";

test("compileConfig() fills in the defaults when a slide file has mandatory keys only", () => {
  expect(compile(SLIDE)).toMatchObject({
    projects: [{
      name: "p",
      loop: 3,
      intervalSeconds: 5,
      sleepSeconds: 10,
      tracker: "auto",
      mover: "auto",
    }],
    engines: [{ kind: "slide", project: "p", name: "slide" }],
    tasks: [{
      kind: "slide",
      project: "p",
      engine: "slide",
      name: "t",
      target: { type: "pid", pid: 1 },
      coldThreshold: 3,
      maxThreads: 1,
      swapFlag: false,
    }],
    warnings: [],
  });
});

test("compileConfig() takes every key of a slide file", () => {
  const project = [
    "scan_type=page",
    "sysmem_threshold=50",
    "swapcache_high_wmark=10",
    "swapcache_low_wmark=6",
    "tracker=page_idle",
    "mover=process_madvise",
  ].reduce((text, line) => put(text, "project", line), SLIDE);
  const text = [
    "type=name",
    "value=my.sql%_/-9",
    "T=0",
    "max_threads=5",
    "swap_threshold=10g",
    "swap_flag=yes",
    "dram_percent=70",
    "move_rate=64",
  ].reduce((before, line) => put(before, "task", line), project);
  const { projects, tasks } = compile(text);
  expect(warnings(text)).toEqual([]);
  expect(projects).toEqual([{
    name: "p",
    loop: 3,
    intervalSeconds: 5,
    sleepSeconds: 10,
    sysmemThresholdPercent: 50,
    swapcacheWmark: { lowPercent: 6, highPercent: 10 },
    tracker: "page_idle",
    mover: "process_madvise",
  }]);
  expect(tasks).toMatchObject([{
    kind: "slide",
    project: "p",
    engine: "slide",
    name: "t",
    target: { type: "name", comm: "my.sql%_/-9" },
    coldThreshold: 0,
    maxThreads: 5,
    swapThresholdBytes: 10 * 2 ** 30,
    swapFlag: true,
    dramPercent: 70,
    moveRateBytes: 64 * 2 ** 20,
  }]);
});

test("compileConfig() takes every key of a cslide file", () => {
  expect(compile(CSLIDE).tasks).toEqual([{
    kind: "cslide",
    project: "p",
    engine: "cslide",
    name: "t",
    target: { type: "pid", pid: 1 },
    vmFlags: [],
    anonOnly: false,
    ignHost: false,
  }]);
  const text = ["vm_flags= ht \\t rd ht ", "anon_only=yes", "ign_host=yes"]
    .reduce(
      (before, line) => put(before, "task", line),
      put(CSLIDE, "engine", "node_pair=2,0;3, 1"),
    );
  const { engines, tasks } = compile(text);
  expect(engines).toEqual([{
    kind: "cslide",
    project: "p",
    name: "cslide",
    nodePairs: [[2, 0], [3, 1]],
    hotThreshold: 1,
    nodeMigQuotaMb: 1024,
    nodeHotReserveMb: 512,
  }]);
  expect(tasks[0]).toMatchObject({ vmFlags: ["ht", "rd"], anonOnly: true, ignHost: true });
});

test("compileConfig() takes every key of a third-party file", () => {
  const text = ["max_threads=4", "swap_flag=yes", "own=x"]
    .reduce((before, line) => put(before, "task", line), THIRD_PARTY);
  const { engines, tasks } = compile(text);
  expect(engines).toMatchObject([{
    kind: "thirdparty",
    project: "p",
    name: "mine",
    libname: "/usr/lib/mine.so",
    opsName: "mine_ops",
  }]);
  expect(tasks).toMatchObject([{
    kind: "thirdparty",
    engine: "mine",
    target: { type: "pid", pid: 1 },
    maxThreads: 4,
    swapFlag: true,
  }]);
});

test.each([
  ["project", "loop=1"],
  ["project", "loop=120"],
  ["project", "interval=1200"],
  ["project", "sleep=1200"],
  ["project", "sysmem_threshold=0"],
  ["project", "sysmem_threshold=100"],
  ["project", "name=a/b_c-d.e%é数"],
  ["task", "T=0"],
  ["task", "value=4194303"],
  ["task", "value=+1"],
  ["task", "dram_percent=1"],
  ["task", "dram_percent=100"],
  ["task", "move_rate=1"],
  ["task", "move_rate=100000"],
  ["task", "swap_threshold=2147483647G"],
  ["task", "swap_flag=no"],
])("compileConfig() takes the end of a range: [%s] %s", (group, line) => {
  expect(warnings(put(put(SLIDE, "task", "T=1"), group, line))).toEqual([]);
});

test.each(
  [
    ["swap_threshold=0g", undefined],
    ["swap_threshold=0G", undefined],
    ["swap_threshold=1g", 2 ** 30],
    ["swap_threshold=10G", 10 * 2 ** 30],
  ] as const,
)("compileConfig() reads %s", (line, bytes) => {
  const [task] = compile(put(SLIDE, "task", line)).tasks;
  expect(task?.kind === "slide" ? task.swapThresholdBytes : "no slide task").toBe(bytes);
});

test("compileConfig() takes names that are unescaped, CRLF and blanks around the =", () => {
  const text = "[project]\r\n\tname = p\\\\q\r\nloop =1\r\ninterval= 1 \r\n sleep\t=\t1\r\n";
  expect(compile(text).projects).toMatchObject([{ name: "p\\q", loop: 1, intervalSeconds: 1 }]);
});

const namesOf = (tasks: readonly TaskDescription[]): string[] =>
  tasks.map(({ project, engine, name }) => `${project} ${engine} ${name}`);

test("compileConfig() makes an object of each group that has a name", () => {
  const other = SLIDE.replaceAll("p\n", "q\n").replace("loop=3", "loop=9").replace("T=3", "T=9");
  const cslide = CSLIDE.replaceAll("project=p", "project=q").replace("name=t", "name=u");
  const { projects, engines, tasks, warnings: remarks } = compile(SLIDE + other + cslide);
  expect(projects.map(({ name, loop }) => [name, loop])).toEqual([["p", 3], ["q", 9]]);
  expect(engines.map(({ project, name }) => [project, name])).toEqual([
    ["p", "slide"],
    ["q", "slide"],
    ["q", "cslide"],
  ]);
  expect(namesOf(tasks)).toEqual(["p slide t", "q slide t", "q cslide u"]);
  expect(remarks).toEqual([]);
});

test("compileConfig() lets a group without a name continue the one before of its kind", () => {
  const text =
    `${SLIDE}[engine]\nengine=cslide\nproject=p\n[project]\nloop=9\n[task]\nT=8\n[task]\n` +
    "name=second\nproject=p\nengine=slide\ntype=pid\nvalue=2\n[engine]\nnode_pair=1,0\n" +
    "hot_threshold=0\nnode_mig_quota=0\nnode_hot_reserve=0\n[task]\nT=1\n";
  const { projects, engines, tasks } = compile(text);
  expect(projects).toMatchObject([{ name: "p", loop: 9 }]);
  expect(engines).toMatchObject([{ name: "slide" }, { name: "cslide", nodePairs: [[1, 0]] }]);
  expect(tasks).toMatchObject([{ name: "t", coldThreshold: 8 }, {
    name: "second",
    coldThreshold: 1,
  }]);
});

test("compileConfig() does not take a group with a name for a group without one", () => {
  expect(refusal("[task]\nproject=p\n[task]\nname=t\n")).toBe(
    "line 1: [task]: name, engine, type and value are missing",
  );
});

test("compileConfig() leaves references to what is not there to the server", () => {
  const task = SLIDE.slice(SLIDE.indexOf("[task]"));
  expect(namesOf(compile(task).tasks)).toEqual(["p slide t"]);
  const unknown = compile(put(task, "task", "engine=unknown")).tasks;
  expect(unknown).toMatchObject([{ kind: "thirdparty", engine: "unknown" }]);
  expect(compile(CSLIDE).engines).toMatchObject([{ project: "p" }]);
});

test("compileConfig() refuses a file with ConfigError or gives what is in range, whatever the file is", () => {
  const line = fc.constantFrom(
    ...`${SLIDE}${CSLIDE}${THIRD_PARTY}`.split("\n"),
    "swapcache_low_wmark=5",
    "swapcache_high_wmark=6",
    "swap_threshold=0g",
    "max_threads=99",
    "T=99",
    "# c",
    "[x]",
    "engine=slide",
    "name=",
  );
  const bases = fc.constantFrom(SLIDE, CSLIDE, THIRD_PARTY, "");
  fc.assert(
    fc.property(bases, fc.array(line, { maxLength: 12 }), (base, more) => {
      try {
        const file = new TextEncoder().encode(base + more.join("\n"));
        const found = compileConfig(file, {
          path: "/f",
          cores: 2,
          names: PINNABLE_NAMES,
          project: () => undefined,
        });
        for (const { loop, swapcacheWmark } of found.projects) {
          expect(loop).toBeWithin(1, 121);
          if (swapcacheWmark === undefined) continue;
          expect(swapcacheWmark.lowPercent).toBeLessThan(swapcacheWmark.highPercent);
        }
        for (const task of found.tasks) {
          if (task.kind === "slide") expect(task.coldThreshold).toBeWithin(0, 361);
          if ("maxThreads" in task) expect(task.maxThreads).toBeWithin(1, 6);
        }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        expect(error.message).toMatch(/^Cannot use "\/f": [^\n]+$/);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["kubepods.slice/*burstable*", "kubepods.slice/*burstable*"],
  ["/a//b/", "a/b"],
  ["a[]-]b/[!x]?", "a[]-]b/[!x]?"],
  ["dev-a\\\\x2db.swap", "dev-a\\x2db.swap"],
  ["...", "..."],
  ["my app\\s", "my app "],
])("compileConfig() takes the control group %s", (value, path) => {
  for (const base of [SLIDE, CSLIDE]) {
    const text = put(put(base, "task", "type=cgroup"), "task", `value=${value}`);
    expect(compile(text).tasks).toMatchObject([{ target: { type: "cgroup", path } }]);
  }
});
