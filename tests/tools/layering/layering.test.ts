import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { layeringViolations } from "./layering.ts";
import { FOLDERS, ROOMS } from "./rooms.ts";
import { unlistedFolders } from "./unlisted_folders.ts";
import { unusedGrants } from "./unused_grants.ts";

const CONTRACTS = [
  "src/engine/engine.ts",
  "src/mover/movers.ts",
  "src/status/task_status.ts",
  "src/tracker/trackers.ts",
];

/** A file of a room, by the room's name. */
function fileIn(room: string, name = "base"): string {
  if (room === "main") return "main.ts";
  return room === "ffi" ? `ffi/${name}.ts` : `src/${room}/${name}.ts`;
}

/** What one file writes to import another. */
function specifierOf(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

let top: string;

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "layering-"));
  for (const room of Object.keys(ROOMS)) plant(fileIn(room), "export const base = 1;\n");
  for (const file of CONTRACTS) plant(file, "export interface Contract {}\n");
});
afterEach(() => rmSync(top, { recursive: true }));

describe("layeringViolations()", () => {
  test("finds nothing when every room keeps to itself", () => {
    expect(layeringViolations(top)).toEqual([]);
  });

  for (const [name, room] of Object.entries(ROOMS)) {
    const others = Object.keys(ROOMS).filter((other) => other !== name && other !== "main");

    test(`lets ${name} import what the table says and nothing else`, () => {
      const planted = fileIn(name, "planted");
      for (const other of [...others.map((o) => fileIn(o)), ...CONTRACTS]) {
        const there = other.split("/").at(-2) ?? "";
        if (there === name) continue;
        plant(planted, `import { base } from "${specifierOf(planted, other)}";\nbase;\n`);
        const allowed = room.imports.includes(there) || room.imports.includes(other);
        expect({ other, violations: layeringViolations(top).length }).toEqual({
          other,
          violations: allowed ? 0 : 1,
        });
        plant(planted, `import type { base } from "${specifierOf(planted, other)}";\n`);
        const types = allowed || [there, other].some((one) => (room.types ?? []).includes(one));
        expect({ other, violations: layeringViolations(top).length }).toEqual({
          other,
          violations: types ? 0 : 1,
        });
      }
    });
  }

  const forms = [
    'import "../project/base.ts";',
    'import { base } from "../project/base.ts";',
    'import {\n  base,\n  type Other,\n} from "../project/base.ts";',
    'import * as all from "../project/base.ts";',
    'import base, { type Other } from "../project/base.ts";',
    'import type { Base } from "../project/base.ts";',
    'import type Base from "../project/base.ts";',
    'export { base } from "../project/base.ts";\nexport const own = 1;',
    'export type { Base } from "../project/base.ts";\nexport const own = 1;',
    'export * from "../project/base.ts";\nexport const own = 1;',
    'export const load = () => import("../project/base.ts");',
    'export const load = () =>\n  import(\n    "../project/base.ts"\n  );',
    'export type Base = typeof import("../project/base.ts");',
    'export const base = require("../project/base.ts");',
    'export const worker = new URL("../project/base.ts", import.meta.url);',
    'export const worker = () => new Worker("../project/base.ts");',
  ];
  for (const form of forms) {
    test(`sees ${form.replaceAll(/\s+/g, " ")}`, () => {
      plant("src/tracker/planted.ts", `${form}\n`);
      expect(layeringViolations(top)).toEqual([
        expect.stringContaining('src/tracker/planted.ts: Cannot import "../project/base.ts"'),
      ]);
    });
  }

  test("sees an import of what is no part of the program", () => {
    plant("tests/fixture.ts", "export const base = 1;\n");
    plant("src/tracker/planted.ts", 'import { base } from "../../tests/fixture.ts";\n');
    expect(layeringViolations(top)).toHaveLength(1);
  });

  test("sees an import of a file that is not there", () => {
    plant("src/tracker/planted.ts", 'import { base } from "./gone.ts";\n');
    expect(layeringViolations(top)).toEqual([expect.stringContaining("no such file")]);
  });

  test("sees bun:ffi outside of ffi", () => {
    plant("ffi/planted.ts", 'import { dlopen } from "bun:ffi";\ndlopen;\n');
    expect(layeringViolations(top)).toEqual([]);
    for (const room of Object.keys(ROOMS).filter((name) => name !== "ffi")) {
      plant(fileIn(room), 'import { dlopen } from "bun:ffi";\ndlopen;\n');
    }
    expect(layeringViolations(top)).toHaveLength(Object.keys(ROOMS).length - 1);
  });

  test("sees a package", () => {
    plant("src/daemon/planted.ts", 'import { parse } from "ini";\nparse;\n');
    expect(layeringViolations(top)).toEqual([expect.stringContaining("takes no such package")]);
  });

  for (const room of Object.keys(ROOMS).filter((name) => ROOMS[name]?.pure === true)) {
    const impurities = [
      'import { readFileSync } from "node:fs";\nreadFileSync;',
      'import type { Socket } from "node:net";\nexport type S = Socket;',
      'import { spawn } from "node:child_process";\nspawn;',
      'import { file } from "bun";\nfile;',
      'export const text = () => Bun.file("/etc/passwd").text();',
      "export const end = () => process.exit(1);",
      'export const say = () => console.log("x");',
      'export const get = () => fetch("http://localhost/");',
    ];
    for (const impurity of impurities) {
      test(`sees ${impurity.split("\n")[0]} in ${room}`, () => {
        plant(fileIn(room, "planted"), `${impurity}\n`);
        expect(layeringViolations(top)).toHaveLength(1);
      });
    }

    test(`lets ${room} compute, and speak of a process. or the console.`, () => {
      plant(
        fileIn(room, "planted"),
        'import { basename } from "node:path";\n// Bun.file is not used here\nexport const x = basename("the process. And the console.");\n',
      );
      expect(layeringViolations(top)).toEqual([]);
    });
  }

  test("sees a cycle, and one of types", () => {
    plant("src/procfs/a.ts", 'import { b } from "./b.ts";\nexport const a = b;\n');
    plant("src/procfs/b.ts", 'import type { C } from "./c.ts";\nexport type B = C;\n');
    plant("src/procfs/c.ts", 'export { a } from "./a.ts";\nexport type C = 1;\n');
    expect(layeringViolations(top)).toEqual([
      "a cycle of imports: src/procfs/a.ts -> src/procfs/b.ts -> src/procfs/c.ts -> src/procfs/a.ts",
    ]);
  });

  const barrels = {
    "src/tracker/index.ts": "export const base = 1;\n",
    "src/tracker/all.ts": '/** All. */\nexport * from "./base.ts";\nexport * from "./base.ts";\n',
    "tests/all.ts":
      'export { base } from "./base.ts";\n// and\nexport type {\n  Other,\n} from "./base.ts";\n',
    "src/tracker/twice.ts": 'import { base } from "./base.ts";\n\nexport { base };\n',
  };
  for (const [path, text] of Object.entries(barrels)) {
    test(`sees the barrel ${path}`, () => {
      plant(path, text);
      expect(layeringViolations(top)).toEqual([expect.stringContaining(`${path}: a barrel`)]);
    });
  }

  for (
    const path of [
      "src/tracker/utils.ts",
      "tests/helpers/x.sh",
      "docs/common/x.md",
      "ffi/misc.test.ts",
    ]
  ) {
    test(`sees the drawer ${path}`, () => {
      plant(path, "");
      expect(layeringViolations(top)).toEqual([expect.stringContaining("does not say")]);
    });
  }

  test("sees a room that the table does not know, and a file in no room", () => {
    plant("src/attic/base.ts", "export const base = 1;\n");
    plant("src/loose.ts", "export const base = 1;\n");
    expect(layeringViolations(top)).toHaveLength(2);
  });
});

describe("unusedGrants()", () => {
  test("names what no file of a room imports", () => {
    const unused = unusedGrants(top);
    expect(unused).toHaveLength(
      Object.values(ROOMS).flatMap(({ imports, types = [] }) => imports.concat(types)).length,
    );
    expect(unused).toContain(
      "tests/tools/layering/rooms.ts: no file uses that daemon may import types of status",
    );
  });

  test("counts an import of a file for the file and for its room, each in its kind", () => {
    const all = unusedGrants(top).length;
    plant("src/options/planted.ts", 'import { base } from "../text/base.ts";\nbase;\n');
    expect(unusedGrants(top)).toHaveLength(all - 1);
    plant("src/daemon/planted.ts", 'import { base } from "../status/base.ts";\nbase;\n');
    expect(unusedGrants(top)).toHaveLength(all - 1);
    plant("src/daemon/planted.ts", 'import type { base } from "../status/base.ts";\n');
    expect(unusedGrants(top)).toHaveLength(all - 2);
    plant("src/config/planted.ts", 'import type { A } from "../mover/movers.ts";\n');
    expect(unusedGrants(top)).toHaveLength(all - 3);
  });
});

describe("unlistedFolders()", () => {
  test("finds nothing where each folder is listed, and knows rooms and hidden folders", () => {
    for (const folder of Object.keys(FOLDERS)) plant(`${folder}/file`, "");
    plant(".hidden/file", "");
    plant("tests/file", "");
    expect(unlistedFolders(top)).toEqual([]);
  });

  test("names a folder that the table lacks, and one that is gone", () => {
    for (const folder of Object.keys(FOLDERS)) plant(`${folder}/file`, "");
    plant("attic/file", "");
    plant("tests/attic/deep/file", "");
    rmSync(join(top, "demo"), { recursive: true });
    expect(unlistedFolders(top)).toEqual([
      "attic: tests/tools/layering/rooms.ts does not list it",
      "tests/attic: tests/tools/layering/rooms.ts does not list it",
      'tests/tools/layering/rooms.ts: there is no folder "demo"',
    ]);
  });
});
