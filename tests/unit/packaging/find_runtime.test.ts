import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findRuntime } from "../../../packaging/find_runtime.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const PACKAGE = "@oven/bun-linux-aarch64";
const TARBALL = `${PACKAGE}.tgz`;

/** A project whose lock file has the package, and a folder with the package's tarball. */
class Project implements Disposable {
  readonly #folder = new ScratchFolder();
  readonly top = this.#folder.at("top");
  readonly tarballs = this.#folder.at("tarballs");

  constructor(content: string) {
    this.write("tarballs/package/bin/bun", content);
    mkdirSync(join(this.tarballs, dirname(TARBALL)));
    Bun.spawnSync(["tar", "-czf", TARBALL, "package"], { cwd: this.tarballs });
    const digest = createHash("sha512").update(readFileSync(join(this.tarballs, TARBALL)));
    const locked = { version: "1.0.0", integrity: `sha512-${digest.digest("base64")}` };
    const lock = { packages: { [`node_modules/${PACKAGE}`]: locked } };
    this.write("top/package-lock.json", JSON.stringify(lock));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.#folder.at(path)), { recursive: true });
    writeFileSync(this.#folder.at(path), text);
  }

  /** What is in the executable that is found. */
  find(name = PACKAGE): string {
    return readFileSync(findRuntime(name, { top: this.top, tarballs: this.tarballs }), "utf8");
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

describe("findRuntime()", () => {
  test("unpacks the tarball that is locked, once", () => {
    using project = new Project("bun of the tarball");
    expect(project.find()).toBe("bun of the tarball");
    project.write(`tarballs/${TARBALL}`, "gone");
    expect(project.find()).toBe("bun of the tarball");
  });

  test("takes what npm has installed when the package is of this architecture", () => {
    using project = new Project("bun of the tarball");
    project.write(`top/node_modules/${PACKAGE}/bin/bun`, "bun of node_modules");
    expect(project.find()).toBe("bun of node_modules");
  });

  test("takes no tarball that is not the locked one, then or later", () => {
    using project = new Project("bun of the tarball");
    project.write(`tarballs/${TARBALL}`, "another");
    for (let i = 0; i < 2; i++) {
      expect(() => project.find()).toThrow(`${TARBALL}" as ${PACKAGE}@1.0.0: its digest is `);
    }
  });

  test("says what is not there", () => {
    using project = new Project("bun of the tarball");
    project.write("top/package-lock.json", '{"packages":{}}');
    expect(() => project.find()).toThrow("does not pin it");
    const locked = { version: "2.0.0", integrity: "sha512-" };
    const lock = { packages: { [`node_modules/${PACKAGE}`]: locked } };
    project.write("top/package-lock.json", JSON.stringify(lock));
    rmSync(join(project.tarballs, TARBALL));
    expect(() => project.find()).toThrow(`${TARBALL}": it is not there`);
  });
});

test("build.ts refuses an architecture that it does not know, with status 2", () => {
  const build = join(import.meta.dir, "../../../build.ts");
  const cases: [string[], string][] = [
    [["--arch", "riscv64"], 'Cannot build for "riscv64": known are x86_64, aarch64'],
    [["--arch"], "--arch"],
    [["--ach", "aarch64"], "--ach"],
    [["aarch64"], "aarch64"],
  ];
  for (const [args, message] of cases) {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, build, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr.toString()).toMatch(/^build: [^\n]+\n$/);
    expect(stderr.toString()).toContain(message);
  }
});
