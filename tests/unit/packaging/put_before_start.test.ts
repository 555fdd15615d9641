import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nativeArchitecture } from "../../../packaging/architectures.ts";
import { putBeforeStart } from "../../../packaging/put_before_start.ts";
import { startCode } from "../../../packaging/start_code.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const FIXTURES = join(import.meta.dir, "../../tools/fixtures");
const SIZE_BYTES = 256;

/** Links bare_program.c so that its code begins at an address. @returns the executable. */
function link(folder: ScratchFolder, address: number): string {
  const executable = folder.at("bare");
  const linker = `-Wl,--build-id=none,-z,separate-code,-Ttext=0x${address.toString(16)}`;
  const flags = ["-O2", "-static", "-nostdlib", "-no-pie", "-fno-stack-protector", linker];
  const source = join(FIXTURES, "bare_program.c");
  const gcc = Bun.spawnSync(["gcc", ...flags, "-o", executable, source]);
  if (!gcc.success) throw new Error(gcc.stderr.toString());
  return executable;
}

/** Where it says that it works, called in a folder that is gone, or in another one. */
function foldersOf(executable: string, folder: ScratchFolder): { gone: string; there: string } {
  const gone = folder.at("gone");
  mkdirSync(gone);
  const script = 'cd "$1" && rmdir "$1" && exec "$0"';
  const { stdout } = Bun.spawnSync(["sh", "-c", script, executable, gone]);
  return {
    gone: stdout.toString(),
    there: Bun.spawnSync([executable], { cwd: "/usr" }).stdout.toString(),
  };
}

function codeOf(sizeBytes: number): Uint8Array {
  return startCode(nativeArchitecture().name, sizeBytes);
}

describe("putBeforeStart() of startCode()", () => {
  test("gives a program a working folder when it has none, and leaves it the one it has", () => {
    using folder = new ScratchFolder();
    const executable = link(folder, 0x421d00);
    expect(foldersOf(executable, folder)).toEqual({ gone: "", there: "/usr" });
    const before = readFileSync(executable).length;
    putBeforeStart(executable, codeOf(SIZE_BYTES));
    const { gone, there } = foldersOf(executable, folder);
    expect(gone).toMatch(/^\/proc\/\d+\/task$/);
    expect(there).toBe("/usr");
    expect(readFileSync(executable).length).toBe(before);
  });

  test("leaves an executable of which tools have nothing to say", () => {
    using folder = new ScratchFolder();
    const executable = link(folder, 0x421d00);
    putBeforeStart(executable, codeOf(SIZE_BYTES));
    const tables = Bun.spawnSync(["readelf", "-hlSW", executable]);
    expect(tables.stderr.toString()).toBe("");
    expect(tables.stdout.toString()).toMatch(/Entry point address: +0x421c00/);
    expect(tables.stdout.toString()).toMatch(/ \.text +PROGBITS +0*421c00 /);
    expect(foldersOf(executable, folder).there).toBe("/usr");
  });

  test("changes nothing where there is no room", () => {
    using folder = new ScratchFolder();
    const executable = link(folder, 0x421080);
    const before = readFileSync(executable);
    expect(() => putBeforeStart(executable, codeOf(SIZE_BYTES))).toThrow("there is no room");
    expect(readFileSync(executable).equals(before)).toBe(true);
    // The headers are in the way.
    const other = link(folder, 0x420180);
    expect(() => putBeforeStart(other, codeOf(SIZE_BYTES))).toThrow("there is no room");
  });

  test("refuses an executable whose first instruction is not the first of its code", () => {
    // A copy: other tests run the program, and the kernel lets nobody write to it meanwhile.
    using folder = new ScratchFolder();
    const executable = folder.at("target");
    copyFileSync(compile(join(FIXTURES, "target.c")), executable);
    expect(() => putBeforeStart(executable, codeOf(SIZE_BYTES))).toThrow("there is no room");
  });

  test("startCode() has to fit", () => {
    expect(() => codeOf(64)).toThrow(RangeError);
    expect(startCode("aarch64", SIZE_BYTES)).toHaveLength(SIZE_BYTES);
    expect(startCode("x86_64", SIZE_BYTES)).toHaveLength(SIZE_BYTES);
  });
});
