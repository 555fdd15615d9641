import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildManuals, MANUALS } from "../../../packaging/manuals/build_manuals.ts";
import { KEY_TABLES } from "../../../packaging/manuals/key_tables.ts";
import { allOptions } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { compileConfig } from "../../../src/config/compile.ts";
import { SERVER_OPTIONS } from "../../../src/daemon/server_options.ts";
import { isThere, run } from "../scan_lib/c_program.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";

const DOCS = join(import.meta.dir, "../../../docs/man");
const SECTIONS: Readonly<Record<(typeof MANUALS)[number], readonly string[]>> = {
  "etmemd.8": [
    "OPTIONS",
    "EXIT STATUS",
    "SIGNALS",
    "ENVIRONMENT",
    "FILES",
    "EXAMPLES",
    "SECURITY",
    "NOTES",
    "BUGS",
  ],
  "etmem.1": ["COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "NOTES"],
  "etmem.conf.5": ["[PROJECT] SECTION OPTIONS", "[ENGINE] SECTION OPTIONS", "EXAMPLES", "FILES"],
  "etmem-engine.3": ["OPERATIONS", "RULES", "STRUCTURES", "THE SCAN LIBRARY", "FILES", "EXAMPLES"],
};
/**
 * What mandoc(1) says of every page that Asciidoctor makes. It does not know macros that groff
 * knows, and wants a date, without which pages are reproducible.
 */
const ASCIIDOCTOR =
  /skipping insecure request: mso|unknown macro: +LINKSTYLE|paragraph macro: sp after S[HS]|missing date/;

const hasMan = ["man", "lexgrog", "groff"].every(isThere);
if (!hasMan) {
  console.log("left out: how man(1) shows the manuals (there is no man, lexgrog or groff)");
}

let pages: Map<string, string>;

beforeAll(async () => {
  pages = await buildManuals();
});

/** Calls a test with the path of each page. */
function eachPage(look: (path: string, name: (typeof MANUALS)[number]) => void): void {
  using folder = new ScratchFolder();
  for (const name of MANUALS) {
    const path = folder.at(name);
    writeFileSync(path, pages.get(name) ?? "");
    look(path, name);
  }
}

describe.skipIf(!hasMan)("the manual pages", () => {
  test("are shown by man without a warning, with every section", () => {
    eachPage((path, name) => {
      const { stdout, stderr } = Bun.spawnSync(["man", "--warnings=w", "-l", path], {
        env: { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8", MANPAGER: "cat" },
      });
      expect({ name, stderr: stderr.toString() }).toEqual({ name, stderr: "" });
      const lines = new Set(stdout.toString().split("\n"));
      const wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", ...SECTIONS[name], "SEE ALSO"];
      expect(wanted.filter((section) => !lines.has(section))).toEqual([]);
    });
  });

  test("have a NAME line that lexgrog takes for whatis", () => {
    eachPage((path, name) => {
      const title = name.slice(0, name.lastIndexOf("."));
      expect(run(["lexgrog", path]).trim()).toStartWith(`${path}: "${title} - `);
    });
  });

  test("are clean for groff and mandoc", () => {
    eachPage((path) => {
      const { stderr } = Bun.spawnSync(["groff", "-t", "-man", "-ww", "-z", path]);
      expect(stderr.toString()).toBe("");
      if (!isThere("mandoc")) return;
      const { stdout } = Bun.spawnSync(["mandoc", "-Tlint", "-Wwarning", path]);
      const complaints = stdout.toString().split("\n").filter((line) => !ASCIIDOCTOR.test(line));
      expect(complaints.filter(Boolean)).toEqual([]);
    });
  });

  test("show every option, every key and every command", () => {
    const shown = (name: string): string =>
      Bun.spawnSync(["man", "-l", "-"], {
        stdin: Buffer.from(pages.get(name) ?? ""),
        env: { ...process.env, MANWIDTH: "1000", LC_ALL: "C.UTF-8", MANPAGER: "cat" },
      }).stdout.toString();
    const client = shown("etmem.1");
    for (const { long } of allOptions(COMMANDS)) {
      expect(client).toMatch(new RegExp(`\\s--${long}\\b`));
    }
    for (const { words } of COMMANDS) {
      expect(client).toContain(`\n       etmem ${words.join(" ")} `);
    }
    const server = shown("etmemd.8");
    for (const { long } of Object.values(SERVER_OPTIONS)) {
      expect(server).toMatch(new RegExp(`\\s--${long}\\b`));
    }
    const keys = shown("etmem.conf.5");
    for (const table of KEY_TABLES.values()) {
      for (const [key, { form, meaning }] of Object.entries(table.keys)) {
        expect(keys).toContain(`\n       ${key}=\n`);
        expect(keys).toContain(`Allowed: ${form.allowed}. `);
        expect(keys).toContain(`${meaning.slice(1)}.\n`);
      }
    }
  });
});

describe("the manuals' examples", () => {
  test.each(["etmem.conf.5", "etmem-engine.3"])("of %s compile without a warning", (name) => {
    const text = readFileSync(join(DOCS, `${name}.adoc`), "utf8");
    const files = Array.from(
      text.matchAll(/^\[project\]\n.*?(?=^(?:----|END)$)/gms),
      ([file]) => file,
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const source = { path: name, cores: 4, names: PINNABLE_NAMES, project: () => undefined };
      expect(compileConfig(Buffer.from(file), source).warnings).toEqual([]);
    }
  });

  test("name the variables that reach a server, and no other", () => {
    const source = readFileSync(join(DOCS, "../../src/daemon/clean_start.ts"), "utf8");
    const allowed = /ALLOWED = new Set\(\[(.*?)\]\)/s.exec(source)?.[1]?.match(/\w+/g) ?? [];
    const text = readFileSync(join(DOCS, "etmemd.8.adoc"), "utf8");
    const environment = /^== ENVIRONMENT\n(.*?)^== /ms.exec(text)?.[1] ?? "";
    // NOTIFY_SOCKET is systemd's business.
    expect(allowed.filter((name) => !new RegExp(`\\b${name}\\b`).test(environment))).toEqual([
      "NOTIFY_SOCKET",
    ]);
  });
});
