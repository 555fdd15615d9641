import { expect, test } from "bun:test";
import type { EngineDescription, TaskDescription } from "../../../src/config/engines.ts";
import { compile, SLIDE } from "./config_text.ts";
import { ReadableKeyFile } from "../../tools/fixtures/readable_key_file.ts";

const FILE = `# Our site.

# The project.
[project]
name=p
loop=1
interval=1
sleep=1

# First engine.
[engine]
name=thirdparty
project=p
eng_name=one
libname=/one.so
ops_name=one_ops
# How deep.
depth = 5 \t
bad escape=\\q

[unknown]
x=1
# Second engine.
[engine]
name=thirdparty
project=q
eng_name=two
libname=/two.so
ops_name=two_ops
[task]
name=first
project=p
engine=one
type=pid
value=1
mine=a
[task]
name=second
project=q
engine=two
type=pid
value=1
# Goes on.
[task]
mine=b
[engine]
mine=two's
`;

function textOf(
  descriptions: readonly (EngineDescription | TaskDescription)[],
  name: string,
): string {
  const found = descriptions.find((description) => description.name === name);
  return found !== undefined && "keyFileText" in found ? found.keyFileText : "no text";
}

test("a third-party engine is handed the project and its own group, line by line", () => {
  const { engines } = compile(FILE);
  expect(textOf(engines, "one")).toBe(`# Our site.

# The project.
[project]
name=p
loop=1
interval=1
sleep=1

# First engine.
[engine]
name=thirdparty
project=p
eng_name=one
libname=/one.so
ops_name=one_ops
# How deep.
depth = 5 \t
bad escape=\\q
`);
});

test("a third-party engine's own group is kept for tasks of other files", () => {
  const { engines } = compile(FILE);
  using file = new ReadableKeyFile(
    new TextEncoder().encode(Reflect.get(engines[1] ?? {}, "groupText")),
  );
  expect(file.groups()).toEqual(["engine"]);
  expect(file.string("engine", "eng_name")).toBe("two");
  expect(file.string("engine", "mine")).toBe("two's");
});

test("a task of a third-party engine is handed its own groups, continued ones too", () => {
  const { tasks } = compile(FILE);
  expect(tasks).toMatchObject([{ hasEngine: true }, { hasEngine: true }]);
  using file = new ReadableKeyFile(new TextEncoder().encode(textOf(tasks, "second")));
  expect(file.groups()).toEqual(["project", "engine", "task"]);
  expect(file.keys("engine")).toEqual([
    "name",
    "project",
    "eng_name",
    "libname",
    "ops_name",
    "mine",
  ]);
  expect(file.string("engine", "mine")).toBe("two's");
  expect(file.string("engine", "eng_name")).toBe("two");
  expect(file.keys("task")).toEqual(["name", "project", "engine", "type", "value", "mine"]);
  expect(file.string("task", "mine")).toBe("b");
  expect(textOf(tasks, "second")).toContain("# Goes on.\n[task]\nmine=b\n");
  using first = new ReadableKeyFile(new TextEncoder().encode(textOf(tasks, "first")));
  expect(first.string("task", "mine")).toBe("a");
  expect(first.integer("engine", "depth")).toBe(5);
});

test("a third-party engine is handed the project of its name when the file has several", () => {
  const both = SLIDE.replaceAll("p\n", "q\n") + FILE.replace("# Our site.\n", "");
  const { engines } = compile(both);
  expect(textOf(engines, "one")).toContain("[project]\nname=p\n");
  expect(textOf(engines, "one")).not.toContain("name=q");
  expect(textOf(engines, "two")).toContain("[project]\nname=q\n");
});

test("a task whose engine and project are elsewhere is handed its own group alone", () => {
  const task = "[task]\nname=t\nproject=p\nengine=one\ntype=pid\nvalue=1\r\nlast=x\r";
  const { tasks } = compile(task);
  expect(textOf(tasks, "t")).toBe(task);
  expect(tasks).toMatchObject([{ hasEngine: false }]);
});
