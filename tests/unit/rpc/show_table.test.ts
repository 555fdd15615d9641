import { describe, expect, test } from "bun:test";
import { formatShowTable, type ShownProject } from "../../../src/rpc/show_table.ts";

function tableOf(projects: readonly ShownProject[]): string {
  return [...formatShowTable(projects)].join("");
}

describe("formatShowTable()", () => {
  test("says so and adds an empty line when there is no project", () => {
    expect(tableOf([])).toBe("no project exists\n\n");
  });

  test("prints the header alone for a project without tasks", () => {
    expect(tableOf([{ name: "test", engines: [{ name: "slide", tasks: [] }] }])).toBe(
      "project: test\n" +
        "number   type     value            name             engine           started \n",
    );
  });

  test("counts from 1 in each engine and pads every row", () => {
    const task = (name: string, started: boolean) =>
      ({ type: "name", value: "mysql", name, started }) as const;
    const projects = [
      {
        name: "new",
        engines: [
          { name: "cslide", tasks: [{ type: "pid", value: "23456", name: "vm", started: false }] },
          { name: "slide", tasks: [task("second", true), task("first", true)] },
        ],
      },
      { name: "old", engines: [] },
    ] as const;
    expect(tableOf(projects)).toBe(
      "project: new\n" +
        "number   type     value            name             engine           started \n" +
        "1        pid      23456            vm               cslide           false   \n" +
        "1        name     mysql            second           slide            true    \n" +
        "2        name     mysql            first            slide            true    \n" +
        "project: old\n" +
        "number   type     value            name             engine           started \n",
    );
  });

  test("says behind the table of a project that it is a dry run", () => {
    const header =
      "number   type     value            name             engine           started \n";
    expect(tableOf([{ name: "dry", isDryRun: true, engines: [] }, { name: "p", engines: [] }]))
      .toBe(
        `project: dry\n${header}dry run: nothing of project dry is moved\nproject: p\n${header}`,
      );
  });

  test("pads as printf(3) does: by bytes, and long cells push the rest", () => {
    const name = "a_name_longer_than_16";
    const row = tableOf([{
      name: "p",
      engines: [{ name: "ü", tasks: [{ type: "pid", value: "1", name, started: true }] }],
    }]).split("\n")[2];
    expect(row).toBe(`1        pid      1                ${name} ü               true    `);
  });
});
