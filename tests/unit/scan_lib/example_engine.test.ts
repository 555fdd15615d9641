import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { compileC, isThere, run, runProgram, SCAN_LIB, WARNINGS } from "./c_program.ts";

const EXAMPLE = join(import.meta.dir, "../../../docs/example_engine");

const hasGlib = isThere("pkg-config") &&
  Bun.spawnSync(["pkg-config", "--exists", "glib-2.0"]).success;

if (!hasGlib) console.log("the example engine: left out: GLib's headers are not there");

describe.skipIf(!hasGlib)("the example engine", () => {
  test("builds by its Makefile, exports its operations and goes through their life", () => {
    using folder = new ScratchFolder();
    const prefix = join(folder.path, "usr");
    run(["sh", join(SCAN_LIB, "build.sh"), folder.path]);
    run(["sh", join(SCAN_LIB, "build.sh"), folder.path, "install"], {
      PREFIX: prefix,
      LIBDIR: `${prefix}/lib`,
    });

    const engine = join(folder.path, "idle_twice.so");
    run(["make", "-s", "-C", folder.path, "-f", join(EXAMPLE, "Makefile"), `VPATH=${EXAMPLE}`], {
      PKG_CONFIG_PATH: join(prefix, "lib/pkgconfig"),
      CFLAGS: `-O2 -g ${WARNINGS.join(" ")}`,
      LDFLAGS: `-Wl,-rpath,${prefix}/lib`,
    });
    const symbols = run(["nm", "-D", "--defined-only", engine]).trim().split("\n");
    expect(symbols.map((line) => line.split(" ").slice(1).join(" "))).toEqual(["D idle_twice_ops"]);

    const glib = run(["pkg-config", "--cflags", "--libs", "glib-2.0"]).trim().split(/\s+/);
    const executable = join(folder.path, "example_engine_test");
    compileC(executable, [
      "-D_GNU_SOURCE",
      `-I${SCAN_LIB}/include`,
      ...["example_engine_test.c", "check.c"].map((name) => join(import.meta.dir, name)),
      ...glib,
      "-ldl",
      "-Wl,--export-dynamic",
    ]);
    expect(runProgram(executable, "plain", engine)).toBeGreaterThan(80);
    if (isThere("valgrind")) expect(runProgram(executable, "valgrind", engine)).toBeGreaterThan(80);
  });
});
