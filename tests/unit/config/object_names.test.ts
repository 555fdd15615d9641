import { expect, test } from "bun:test";
import { ConfigError } from "../../../src/config/config_error.ts";
import { type ObjectNames, readObjectNames } from "../../../src/config/object_names.ts";
import { CSLIDE, put, SLIDE, THIRD_PARTY, without } from "./config_text.ts";

const names = (text: string): ObjectNames => readObjectNames(new TextEncoder().encode(text), "/f");

test("readObjectNames() names the objects of all kinds in file order", () => {
  expect(names(SLIDE + CSLIDE + THIRD_PARTY)).toEqual({
    projects: ["p"],
    engines: [
      { project: "p", name: "slide" },
      { project: "p", name: "cslide" },
      { project: "p", name: "mine" },
    ],
    tasks: [
      { project: "p", engine: "slide", name: "t" },
      { project: "p", engine: "cslide", name: "t" },
      { project: "p", engine: "mine", name: "t" },
    ],
    warnings: [],
  });
});

test("readObjectNames() does not mind what else is wrong or missing", () => {
  const file = put(put(without(SLIDE, "project", "loop"), "project", "sleep=0"), "task", "T=x");
  expect(names(put(file, "task", "vm_flags=\\q"))).toEqual(names(SLIDE));
  expect(names("[engine]\nengine=slide\nproject=p\n")).toEqual({
    projects: [],
    engines: [{ project: "p", name: "slide" }],
    tasks: [],
    warnings: ['"/f" line 2: [engine] engine=slide: taken as name'],
  });
});

test("readObjectNames() takes a third-party engine by its own name", () => {
  expect(names("[engine]\nname=mine\nproject=p\n").engines).toEqual([
    { project: "p", name: "mine" },
  ]);
});

test.each([
  [without(SLIDE, "project", "name"), "line 1: [project]: name is missing"],
  [without(SLIDE, "engine", "project"), "line 6: [engine]: project is missing"],
  [without(THIRD_PARTY, "engine", "eng_name"), "line 1: [engine]: eng_name is missing"],
  [without(SLIDE, "task", "engine"), "line 9: [task]: engine is missing"],
  [put(SLIDE, "task", "name=-"), "line 10: [task] name=-: stands for no name"],
  ["[nothing]", "no [project], [engine] or [task] in it, only [nothing] in line 1"],
  ["nothing", 'line 1: "nothing" is no [group]'],
])("readObjectNames() refuses a file whose names are wrong: %#", (text, message) => {
  expect(() => names(text)).toThrow(ConfigError);
  expect(() => names(text)).toThrow(`Cannot use "/f": ${message}`);
});
