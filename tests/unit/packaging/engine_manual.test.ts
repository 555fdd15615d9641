import { describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHeader } from "../../../packaging/manuals/c_header.ts";
import { ENGINE_HEADERS, ENGINE_STRUCTS } from "../../../packaging/manuals/engine_headers.ts";
import { ENGINE_OPS } from "../../../ffi/engine_structs.ts";
import { ServerProcess } from "../../system/server_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { compileC, run, SCAN_LIB } from "../scan_lib/c_program.ts";

const EXAMPLE = join(import.meta.dir, "../../../docs/man/idle_share.c");
const glib = (): string[] =>
  run(["pkg-config", "--cflags", "--libs", "glib-2.0"]).trim().split(/\s+/);

describe("etmem-engine(3)", () => {
  test("has the sizes and offsets that the compiler gives the structs", () => {
    const checks = Object.entries(ENGINE_STRUCTS).flatMap(([name, header]) => {
      const { sizeBytes, members } = header.struct(name);
      const offsets = members.map((member) =>
        `_Static_assert(offsetof(struct ${name}, ${member.name}) == ${member.offset}, "${member.name}");`
      );
      return [`_Static_assert(sizeof(struct ${name}) == ${sizeBytes}, "${name}");`].concat(offsets);
    });
    expect(checks.length).toBe(63);
    using folder = new ScratchFolder();
    const source = join(folder.path, "layout.c");
    const includes = ["stddef.h", "etmemd_scan_export.h", "etmemd_thirdparty_export.h"];
    writeFileSync(
      source,
      [...includes.map((name) => `#include <${name}>`), ...checks, "int main(void) { return 0; }\n"]
        .join("\n"),
    );
    compileC(join(folder.path, "layout"), [`-I${SCAN_LIB}/include`, source, ...glib()]);
  });

  test("has the nine operations in their order, and what the library exports", () => {
    const operations = ENGINE_HEADERS.engine.operations();
    expect(operations.map((line) => /\(\*(\w+)\)/.exec(line)?.[1])).toEqual(
      Object.keys(ENGINE_OPS.members),
    );
    const map = readFileSync(join(SCAN_LIB, "libetmemd_scan.map"), "utf8");
    const functions = ENGINE_HEADERS.scan.functions();
    expect(new Set(functions.map((line) => /(\w+)\(/.exec(line)?.[1]))).toEqual(
      new Set(map.match(/\betmemd_\w+/g)),
    );
  });

  test("has an example that compiles, loads and answers its command", async () => {
    // Only root can change it, as etmemd demands of a library that is found by $ORIGIN.
    const folder = mkdtempSync("/run/etmem-manual-");
    try {
      run(["sh", join(SCAN_LIB, "build.sh"), folder], { CFLAGS: "-O1" });
      const library = join(folder, "idle_share.so");
      compileC(library, [
        "-D_GNU_SOURCE",
        "-fPIC",
        "-shared",
        `-I${SCAN_LIB}/include`,
        EXAMPLE,
        ...glib(),
        `-L${folder}`,
        "-letmemd_scan",
        "-Wl,-rpath,$ORIGIN",
      ]);
      chmodSync(library, 0o500);
      await using server = await ServerProcess.start();
      const file = server.file(
        "look.conf",
        [
          "[project]\nname=look\nloop=1\ninterval=1\nsleep=1\n",
          `[engine]\nname=thirdparty\nproject=look\neng_name=idle\nlibname=${library}`,
          "ops_name=idle_share_ops\n",
          `[task]\nproject=look\nengine=idle\nname=me\ntype=pid\nvalue=${process.pid}\n`,
        ].join("\n"),
      );
      const done = async (...args: string[]): Promise<string> => {
        const { status, stdout, stderr } = await server.etmem(...args);
        expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: "" });
        return stdout;
      };
      await done("obj", "add", "-f", file);
      await done("project", "start", "-n", "look");
      const command = ["engine", "idle", "-n", "look", "-e", "idle"];
      // Nothing where this kernel offers no way to see pages.
      expect(await done(...command, "-t", "me")).toMatch(/^(?:\d+: \d+ of \d+ pages are idle\n)*$/);
      const { status, stderr } = await server.etmem(...command);
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringContaining("engine idle: eng_mgt_func returned -1"),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("CHeader.struct() refuses a struct whose comment has not an offset for each member", () => {
  const header = new CHeader(
    "x.h",
    "/** Two. 8 bytes; offsets 0. */\nstruct two {\n    int a;\n    int b; /* x */\n};\n",
  );
  expect(() => header.struct("two")).toThrow("one offset for each member of struct two");
  expect(() => header.struct("three")).toThrow("struct three with its size and offsets");
});
