import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommandLine } from "../../../src/cli/parse_command_line.ts";
import { compileConfig, type CompiledConfig } from "../../../src/config/compile.ts";
import { readObjectNames } from "../../../src/config/object_names.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";

const top = join(import.meta.dir, "../../..");

function compileFile(path: string): Omit<CompiledConfig, "lines" | "slips"> {
  const options = { path, cores: 4, names: PINNABLE_NAMES, project: () => undefined };
  const { lines: _lines, slips: _slips, ...compiled } = compileConfig(
    readFileSync(join(top, path)),
    options,
  );
  return compiled;
}

const PROJECT = {
  name: "test",
  loop: 1,
  intervalSeconds: 1,
  sleepSeconds: 1,
  tracker: "auto",
  mover: "auto",
} as const;
const SLIDE_TASK = {
  kind: "slide",
  project: "test",
  engine: "slide",
  name: "background_slide",
  target: { type: "name", comm: "mysql" },
  coldThreshold: 1,
  maxThreads: 1,
  swapFlag: true,
  swapThresholdBytes: 10 * 2 ** 30,
} as const;
const SLIDE_FILE = {
  projects: [{
    ...PROJECT,
    sysmemThresholdPercent: 50,
    swapcacheWmark: { lowPercent: 6, highPercent: 10 },
  }],
  engines: [{ kind: "slide", project: "test", name: "slide" }],
  tasks: [SLIDE_TASK],
} as const;

/** The shipped files, each with the kind of its engine. */
const SHIPPED = {
  "cslide_conf.yaml": "cslide",
  "cxl_conf.yaml": "cslide",
  "nvme_conf.yaml": "slide",
  "psi_conf.yaml": "psi",
  "slide_conf.yaml": "slide",
  "thirdparty_conf.yaml": "thirdparty",
  "zram_conf.yaml": "slide",
} as const;

describe("conf/", () => {
  test("has these files and no other", () => {
    expect(readdirSync(join(top, "conf")).sort()).toEqual(Object.keys(SHIPPED));
  });

  test.each(Object.entries(SHIPPED))(
    "%s compiles without a warning, for engine %s",
    (name, kind) => {
      const { engines, tasks, warnings } = compileFile(`conf/${name}`);
      expect(warnings).toEqual([]);
      expect(engines).toEqual([expect.objectContaining({ kind })]);
      expect(tasks).toEqual([expect.objectContaining({ kind, project: engines[0]?.project })]);
    },
  );

  test.each(["zram", "nvme", "cxl"])(
    "%s_conf.yaml is complete, and compiles with its keys uncommented",
    (name) => {
      const path = `conf/${name}_conf.yaml`;
      const text = readFileSync(join(top, path), "utf8");
      const { projects: [project], warnings } = compileConfig(
        Buffer.from(text.replaceAll(/^#(?=\w+=)/gm, "")),
        { path, cores: 4, names: PINNABLE_NAMES, project: () => undefined },
      );
      expect(warnings).toEqual([]);
      expect(project).toMatchObject({ name, tracker: "auto", mover: "auto" });
      // The commands name the file and the project that they are about.
      expect(text).toContain(`etmem obj add -f /etc/etmem/${name}_conf.yaml -s `);
      expect(text).toContain(`etmem project start -n ${name} -s `);
      for (const [command, args = ""] of text.matchAll(/^# {3}etmem (.*?)(?: *#.*)?$/gm)) {
        expect({ command, kind: parseCommandLine(args.trim().split(/ +/)).kind }).toEqual({
          command,
          kind: "call",
        });
      }
    },
  );
});

test("conf/slide_conf.yaml says what the document's sample says", () => {
  expect(compileFile("conf/slide_conf.yaml")).toMatchObject({ ...SLIDE_FILE, warnings: [] });
});

test("conf/cslide_conf.yaml says what the document's sample means", () => {
  expect(compileFile("conf/cslide_conf.yaml")).toEqual({
    projects: [],
    engines: [{
      kind: "cslide",
      project: "test",
      name: "cslide",
      nodePairs: [[2, 0], [3, 1]],
      hotThreshold: 1,
      nodeMigQuotaMb: 1024,
      nodeHotReserveMb: 1024,
    }],
    tasks: [{
      kind: "cslide",
      project: "test",
      engine: "cslide",
      name: "background_cslide",
      target: { type: "pid", pid: 23456 },
      vmFlags: ["ht"],
      anonOnly: false,
      ignHost: false,
    }],
    warnings: [],
  });
});

test("the document's slide sample is taken with its vmark keys", () => {
  const path = "tests/tools/fixtures/document/slide_conf.yaml";
  expect(compileFile(path)).toMatchObject({
    ...SLIDE_FILE,
    warnings: [
      `"${path}" line 9: [project] swapcache_high_vmark=10: taken as swapcache_high_wmark`,
      `"${path}" line 10: [project] swapcache_low_vmark=6: taken as swapcache_low_wmark`,
    ],
  });
});

test("the document's threshold and swap cache samples are taken", () => {
  const { swapThresholdBytes: _, ...task } = SLIDE_TASK;
  expect(compileFile("tests/tools/fixtures/document/slide_threshold_conf.yaml")).toMatchObject({
    projects: [{ ...PROJECT, sysmemThresholdPercent: 50 }],
    tasks: [SLIDE_TASK],
    warnings: [],
  });
  expect(compileFile("tests/tools/fixtures/document/slide_swapcache_conf.yaml")).toMatchObject({
    projects: [{ ...PROJECT, swapcacheWmark: { lowPercent: 3, highPercent: 5 } }],
    tasks: [{ ...task, swapFlag: false }],
    warnings: [{}, {}].map(() => expect.stringContaining("vmark")),
  });
});

test("the document's cslide sample is refused: its second name should be value", () => {
  const path = "tests/tools/fixtures/document/cslide_conf.yaml";
  expect(() => compileFile(path)).toThrow(
    `Cannot use "${path}": line 11: [task]: value is missing, allowed is for type=pid 1 to 4194303, ` +
      "for type=name 1 to 15 bytes, as in /proc/PID/comm, for type=cgroup a path or glob below " +
      "the cgroup root, 1 to 4095 bytes, without ..; " +
      "name is given more than once: name=background_cslide in line 14, name=23456 in line 16",
  );
});

test.each([
  ["conf/thirdparty_conf.yaml", "background_third"],
  ["tests/tools/fixtures/document/thirdparty_conf.yaml", "background_third"],
  ["tests/tools/fixtures/document/thirdparty_spaced_conf.yaml", "background1"],
])("the third-party sample %s is taken, private keys and all", (path, name) => {
  const { projects, engines: [engine], tasks: [task], warnings } = compileFile(path);
  expect([projects, warnings]).toEqual([[], []]);
  expect(engine).toMatchObject({ kind: "thirdparty", project: "test", name: "my_engine" });
  expect(engine).toHaveProperty("keyFileText", expect.stringContaining("engine_private_key="));
  expect(engine).toHaveProperty("keyFileText", expect.not.stringContaining("task_private_key="));
  expect(task).toMatchObject({ kind: "thirdparty", project: "test", engine: "my_engine", name });
  expect(task).toHaveProperty("keyFileText", expect.stringContaining("engine_private_key="));
  expect(task).toHaveProperty("keyFileText", expect.stringContaining("task_private_key="));
});

test("the samples name what obj del is to remove", () => {
  const names = (path: string): unknown => readObjectNames(readFileSync(join(top, path)), path);
  expect(names("conf/slide_conf.yaml")).toMatchObject({
    projects: ["test"],
    engines: [{ project: "test", name: "slide" }],
    tasks: [{ project: "test", engine: "slide", name: "background_slide" }],
  });
  expect(names("conf/thirdparty_conf.yaml")).toMatchObject({
    projects: [],
    engines: [{ project: "test", name: "my_engine" }],
    tasks: [{ project: "test", engine: "my_engine", name: "background_third" }],
  });
});
