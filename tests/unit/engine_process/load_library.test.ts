import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compileEngine } from "../../tools/fixtures/engines/compile_engine.ts";
import { loadForAll } from "../../../ffi/engine_library.ts";
import { loadLibrary } from "../../../src/engine_process/load_library.ts";
import { messageOf } from "../../../src/text/message_of.ts";

/** Only root can change it and what is above it, as $ORIGIN demands. */
let folder: string;
/** A library that is right. */
let good: Uint8Array;

beforeAll(() => {
  folder = mkdtempSync("/run/etmem-load-");
  good = readFileSync(compileEngine("recorder.c"));
  loadForAll("libglib-2.0.so.0");
});
afterAll(() => rmSync(folder, { recursive: true }));

function plant(name: string, bytes: Uint8Array, mode = 0o500): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  return path;
}

/** The refusal, and whether code of the library could have run. */
function refusalOf(path: string): string {
  let begun = "";
  try {
    using library = loadLibrary(path, () => {
      begun = " (begun)";
    });
    return `loaded ${library.handle}`;
  } catch (error) {
    return `${messageOf(error)}${begun}`;
  }
}

describe("loadLibrary()", () => {
  test("loads a library of root's with mode 0500 or 0700", () => {
    for (const mode of [0o500, 0o700]) {
      using library = loadLibrary(plant("good.so", good, mode), () => {});
      expect(library.symbol("recorder_ops")).toBeGreaterThan(0);
      expect(() => library.symbol("absent_ops")).toThrow("absent_ops");
    }
  });

  test("refuses what is not a private file of root's", () => {
    for (const mode of [0o600, 0o755, 0o777, 0o400, 0o4700]) {
      const path = plant("mode.so", good, mode);
      expect(refusalOf(path)).toBe(
        `Cannot load "${path}": its mode is ${mode.toString(8).padStart(4, "0")}, ` +
          "allowed is 0500 or 0700 (chmod 500)",
      );
    }
    const owned = plant("owned.so", good);
    chownSync(owned, 12345, 0);
    chmodSync(owned, 0o500);
    expect(refusalOf(owned)).toContain("its owner is 12345, allowed is 0");
    const sub = join(folder, "sub");
    mkdirSync(sub, { recursive: true, mode: 0o700 });
    expect(refusalOf(sub)).toContain("it is no regular file");
    Bun.spawnSync(["mkfifo", "-m", "500", join(folder, "fifo")]);
    expect(refusalOf(join(folder, "fifo"))).toContain("it is no regular file");
    expect(refusalOf("good.so")).toContain("its path is not absolute");
    expect(refusalOf(join(folder, "none.so"))).toBe(
      `Cannot load "${folder}/none.so": there is no such file`,
    );
  });

  test("refuses what is no library of this machine's", () => {
    expect(refusalOf(plant("text.so", Buffer.from("#!/bin/sh\n")))).toContain("it is no ELF file");
    expect(refusalOf(plant("empty.so", Buffer.from("")))).toContain("it is no ELF file");
    const with32 = Uint8Array.from(good);
    with32[4] = 1;
    expect(refusalOf(plant("with32.so", with32))).toContain("not built for 64 bits");
    const foreign = Uint8Array.from(good);
    const other = new DataView(foreign.buffer).getUint16(18, true) === 62 ? 183 : 62;
    new DataView(foreign.buffer).setUint16(18, other, true);
    expect(refusalOf(plant("foreign.so", foreign))).toMatch(
      /: it is built for (aarch64, this is x86_64|x86_64, this is aarch64)$/,
    );
    const executable = Uint8Array.from(good);
    new DataView(executable.buffer).setUint16(16, 2, true);
    expect(refusalOf(plant("executable.so", executable))).toContain("it is no shared library");
  });

  test("refuses a library that is cut short anywhere", () => {
    // What is at its end is not needed to run it.
    for (let length = 0; length < good.length / 2; length += 97) {
      const path = plant("short.so", good.subarray(0, length));
      expect({ length, refusal: refusalOf(path) }).toEqual({
        length,
        refusal: expect.stringContaining(`Cannot load "${path}": `),
      });
    }
  });

  test("names the library that is missing", () => {
    const path = join(folder, "needs_missing.so");
    const other = compileEngine("elsewhere.c", [], join(folder, "libelsewhere.so"));
    compileEngine("needs_missing.c", [other, `-Wl,--no-as-needed`], path);
    rmSync(other);
    expect(refusalOf(path)).toContain("libelsewhere.so: cannot open shared object file");
    expect(refusalOf(path)).not.toContain("/proc/self/fd");
  });

  test("names the function that is missing", () => {
    const path = compileEngine("needs_missing.c", [], join(folder, "undefined.so"));
    expect(refusalOf(path)).toBe(
      `Cannot load "${path}": ${path}: undefined symbol: from_elsewhere (begun)`,
    );
  });

  test("loads one that uses $ORIGIN when only root can change its folders", () => {
    const home = join(folder, "home");
    mkdirSync(home, { recursive: true, mode: 0o755 });
    compileEngine("elsewhere.c", [], join(home, "libelsewhere.so"));
    const path = join(home, "needy.so");
    compileEngine(
      "needs_missing.c",
      [`-L${home}`, "-lelsewhere", "-Wl,-rpath,$ORIGIN"],
      path,
    );
    using library = loadLibrary(path, () => {});
    expect(library.symbol("needy_ops")).toBeGreaterThan(0);
  });

  test("refuses one that uses $ORIGIN when its path names another file by the time it is loaded", () => {
    const home = join(folder, "swapped");
    mkdirSync(home, { recursive: true, mode: 0o755 });
    compileEngine("elsewhere.c", [], join(home, "libelsewhere.so"));
    const path = join(home, "needy.so");
    compileEngine("needs_missing.c", [`-L${home}`, "-lelsewhere", "-Wl,-rpath,$ORIGIN"], path);
    const other = plant("swapped/other.so", readFileSync(path));
    expect(() => loadLibrary(path, () => renameSync(other, path))).toThrow(
      `Cannot load "${path}": it was replaced while it was loaded`,
    );
  });

  test("refuses one that uses $ORIGIN when others can change a folder above it", () => {
    const open = join(folder, "open");
    const home = join(open, "inner");
    mkdirSync(home, { recursive: true, mode: 0o755 });
    compileEngine("elsewhere.c", [], join(home, "libelsewhere.so"));
    const path = join(home, "needy.so");
    compileEngine("needs_missing.c", [`-L${home}`, "-lelsewhere", "-Wl,-rpath,${ORIGIN}"], path);
    chmodSync(open, 0o777);
    expect(refusalOf(path)).toBe(
      `Cannot load "${path}": it uses $ORIGIN, and the folder "${open}" has owner 0 and mode 0777, ` +
        "allowed is 0 and not writable by group and others",
    );
    chmodSync(open, 0o755);
    chownSync(open, 12345, 0);
    expect(refusalOf(path)).toContain("has owner 12345 and mode 0755");
  });
});
