import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";
import { version as VERSION } from "../../../../package.json";

/**
 * Builds the example engine as its author would, with what the installed packages bring: the
 * pkg-config file, the headers, the library and the Makefile.
 * @param root folder that they are installed in.
 * @throws {Error} with what make said.
 */
export function compileEngine(root: string, library: string): void {
  const folder = mkdtempSync(join(tmpdir(), "etmem-engine-"));
  try {
    const example = join(root, `usr/share/doc/etmem-devel-${VERSION}/example_engine`);
    run("cp", ...["Makefile", "idle_twice.c"].map((name) => join(example, name)), folder);
    const libdir = join(root, "usr/lib64");
    const paths = [`CFLAGS=-O2 -I${join(root, "usr/include")}`, `LDFLAGS=-L${libdir}`];
    run("env", `PKG_CONFIG_PATH=${join(libdir, "pkgconfig")}`, "make", "-C", folder, ...paths);
    run("cp", join(folder, "idle_twice.so"), library);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
