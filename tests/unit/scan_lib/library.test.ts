import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { CLANG, compileC, isThere, run, runProgram, SCAN_LIB } from "./c_program.ts";

const FUNCTIONS = [
  "etmemd_free_page_refs",
  "etmemd_free_vmas",
  "etmemd_get_page_refs",
  "etmemd_get_vmas",
  "etmemd_scan_exit",
  "etmemd_scan_init",
];
const NODE = "libetmemd_scan";
/** The oldest C library that we support. */
const GLIBC: readonly [number, number] = [2, 17];

const LOADER = "ld-linux-aarch64.so.1";

const folder = new ScratchFolder();
const library = join(folder.path, "libetmemd_scan.so");
const build = join(SCAN_LIB, "build.sh");

beforeAll(() => {
  run(["sh", build, folder.path]);
});
afterAll(() => folder[Symbol.dispose]());

describe("libetmemd_scan.so", () => {
  test("exports exactly the six functions, under the version node", () => {
    const lines = run(["nm", "-D", "--defined-only", library]).trim().split("\n");
    const symbols = lines.map((line) => line.split(" ").slice(1).join(" ")).sort();
    const functions = FUNCTIONS.map((name) => `T ${name}@@${NODE}`);
    expect(symbols).toEqual([`A ${NODE}`, ...functions]);
  });

  test("needs the C library only, not newer than glibc 2.17", () => {
    const dynamic = run(["readelf", "-dW", library]);
    const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
    // On aarch64 the stack protector's guard is the dynamic loader's.
    expect(needed).toEqual(process.arch === "arm64" ? ["libc.so.6", LOADER] : ["libc.so.6"]);
    expect(/\(SONAME\).*\[(.*)\]/.exec(dynamic)?.[1]).toBe("libetmemd_scan.so");
    const versions = [...run(["objdump", "-T", library]).matchAll(/GLIBC_(\d+)\.(\d+)/g)];
    expect(versions.length).toBeGreaterThan(0);
    for (const [text, major, minor] of versions) {
      const tooNew = Number(major) > GLIBC[0] ||
        (Number(major) === GLIBC[0] && Number(minor) > GLIBC[1]);
      expect([text, tooNew]).toEqual([text, false]);
    }
  });

  test("has no executable stack, no writable code and no lazy binding", () => {
    const headers = run(["readelf", "-lW", library]);
    expect(/GNU_STACK.* RW /.test(headers)).toBe(true);
    expect(headers).toContain("GNU_RELRO");
    expect(headers).not.toMatch(/LOAD.* RWE /);
    expect(run(["readelf", "-dW", library])).toContain("NOW");
  });

  test("works when it is linked as a library", () => {
    const executable = join(folder.path, "interface_test");
    compileC(executable, [
      `-I${SCAN_LIB}/include`,
      ...["interface_test.c", "check.c"].map((name) => join(import.meta.dir, name)),
      `-L${folder.path}`,
      "-letmemd_scan",
      `-Wl,-rpath,${folder.path}`,
    ]);
    expect(runProgram(executable, "plain")).toBeGreaterThan(50);
  });

  const compilers = [
    { CC: "gcc", CFLAGS: "-O3 -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wmissing-prototypes" },
    { CC: CLANG, CFLAGS: "-O2 -Wpedantic -Wconversion -Wshadow" },
    { CC: "aarch64-linux-gnu-gcc", CFLAGS: "-O2" },
  ];
  for (const environment of compilers) {
    if (!isThere(environment.CC)) {
      console.log(`libetmemd_scan.so: left out: there is no ${environment.CC}`);
      continue;
    }
    test(`compiles without a warning with ${environment.CC}`, () => {
      using other = new ScratchFolder();
      run(["sh", build, other.path], environment);
      expect(existsSync(join(other.path, "libetmemd_scan.so"))).toBe(true);
    });
  }
});

describe("build.sh install", () => {
  test("installs what pkg-config leads a program to", () => {
    using root = new ScratchFolder();
    const environment = { DESTDIR: root.path, LIBDIR: "/usr/lib64" };
    run(["sh", build, folder.path, "install"], environment);
    const pc = readFileSync(join(root.path, "usr/lib64/pkgconfig/libetmemd_scan.pc"), "utf8");
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(SCAN_LIB, "../package.json"), "utf8"),
    );
    expect(pc).toContain(`\nVersion: ${version}\n`);
    expect(pc).not.toContain("@");
    const installed = (name: string): boolean => existsSync(join(root.path, "usr", name));
    expect(installed("lib64/libetmemd_scan.so")).toBe(true);
    for (const header of ["etmemd_exp.h", "etmemd_scan_exp.h", "etmemd_thirdparty_export.h"]) {
      expect([header, installed(`include/${header}`)]).toEqual([header, true]);
    }

    const source = join(root.path, "program.c");
    writeFileSync(
      source,
      "#include <etmemd_scan_export.h>\nint main(void) { return etmemd_scan_init(); }\n",
    );
    const flags = isThere("pkg-config")
      ? run(["pkg-config", "--cflags", "--libs", "libetmemd_scan"], {
        PKG_CONFIG_LIBDIR: join(root.path, "usr/lib64/pkgconfig"),
        PKG_CONFIG_SYSROOT_DIR: root.path,
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS: "1",
        PKG_CONFIG_ALLOW_SYSTEM_LIBS: "1",
      }).trim().split(/\s+/)
      : [`-I${root.path}/usr/include`, `-L${root.path}/usr/lib64`, "-letmemd_scan"];
    const executable = join(root.path, "program");
    compileC(executable, [source, ...flags]);
    run([executable], { LD_LIBRARY_PATH: join(root.path, "usr/lib64") });
  });

  test("refuses what it does not know", () => {
    expect(() => run(["sh", build, folder.path, "uninstall"])).toThrow('Cannot do "uninstall"');
    expect(() => run(["sh", build])).toThrow("status 2");
  });
});
