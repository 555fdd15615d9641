import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseCommandLine } from "../../../src/cli/parse_command_line.ts";
import { compileConfig } from "../../../src/config/compile.ts";
import { parseServerOptions } from "../../../src/daemon/server_options.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";

const TOP = join(import.meta.dir, "../../..");
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "docs/example_engine/README.md",
  "packaging/README.md",
  ...readdirSync(join(TOP, "docs")).filter((name) => name.endsWith(".md")).map((name) =>
    `docs/${name}`
  ),
  ...readdirSync(join(TOP, "docs/man")).filter((name) => name.endsWith(".adoc")).map((name) =>
    `docs/man/${name}`
  ),
];

const read = (path: string): string => readFileSync(join(TOP, path), "utf8");

/**
 * The commands of a document's listings that are ours: whole lines, without what the shell does
 * with them. A line that goes on with a figure is of a table of measurements.
 */
function commandsOf(text: string): string[] {
  const listings = text.matchAll(/^(?:```|----)\n(.*?)\n(?:```|----)$/gms);
  return Array.from(listings, ([, listing = ""]) => listing).flatMap((listing) =>
    listing.split("\n").flatMap((line) =>
      /^(?:sudo )?(etmemd? -?[a-z-](?!.*? {2,}\d).*?)(?: {2,}.*| *[#|&].*)?$/.exec(line)?.[1] ?? []
    )
  );
}

/** The names by which links reach the headings of a document. */
function headingsOf(text: string): string[] {
  return Array.from(
    text.matchAll(/^#+ (.*)$/gm),
    ([, title = ""]) => title.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-"),
  );
}

/** @throws {UsageError} */
function parse(command: string): void {
  const [program, ...args] = command.trim().split(/ +/);
  if (program === "etmemd") parseServerOptions(args);
  else parseCommandLine(args);
}

describe("the documents", () => {
  test.each(DOCUMENTS)("%s shows only commands that exist", (path) => {
    for (const command of commandsOf(read(path))) {
      expect({ command, error: attempt(() => parse(command)) }).toEqual({ command, error: "" });
    }
  });

  test.each(DOCUMENTS)("%s names only files and npm scripts that exist", (path) => {
    const text = read(path);
    const links = Array.from(
      text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g),
      ([, file = "", heading]) => ({
        file: file === "" ? path : join(dirname(path), file),
        heading,
      }),
    );
    expect(links.filter(({ file }) => !existsSync(join(TOP, file)))).toEqual([]);
    expect(
      links.filter(({ file, heading }) =>
        heading !== undefined && !headingsOf(read(file)).includes(heading)
      ),
    ).toEqual([]);
    const scripts: unknown = JSON.parse(read("package.json")).scripts;
    const named = Array.from(text.matchAll(/\bnpm run ([\w:]+)/g), ([, name = ""]) => name);
    for (const name of named) expect(scripts).toHaveProperty([name]);
  });

  test("README.md has a configuration that compiles without a warning", () => {
    const [, file = ""] = /<<'END'\n(.*?)^END$/ms.exec(read("README.md")) ?? [];
    const source = {
      path: "slide.conf",
      cores: 4,
      names: PINNABLE_NAMES,
      project: () => undefined,
    };
    const { tasks, warnings } = compileConfig(Buffer.from(file), source);
    expect(warnings).toEqual([]);
    expect(tasks).toHaveLength(1);
  });

  test("etmem(1) starts a project of a sample, which asks for nothing that a stock kernel lacks", () => {
    const commands = commandsOf(read("docs/man/etmem.1.adoc")).join("\n");
    const [, sample] = /^etmem obj add -f \/etc\/etmem\/(\S+)/m.exec(commands) ?? [];
    const path = `conf/${sample}`;
    const source = { path, cores: 4, names: PINNABLE_NAMES, project: () => undefined };
    const { projects: [project], tasks } = compileConfig(Buffer.from(read(path)), source);
    expect(commands).toContain(`\netmem project start -n ${project?.name} `);
    expect(project).not.toHaveProperty("swapcacheWmark");
    for (const task of tasks) expect(task).not.toMatchObject({ swapFlag: true });
  });

  test("commandsOf() finds enough of them", () => {
    expect(DOCUMENTS.flatMap((path) => commandsOf(read(path))).length).toBeGreaterThan(20);
  });
});

function attempt(action: () => void): string {
  try {
    action();
    return "";
  } catch (error) {
    return String(error);
  }
}
