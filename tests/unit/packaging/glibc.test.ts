import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, glibcNeeds, OLDEST_GLIBC } from "./glibc_needs.ts";

const TOP = join(import.meta.dir, "../../..");
const FFI = join(TOP, "ffi");

function isTooNew(version: string): boolean {
  return compareVersions(version, OLDEST_GLIBC) > 0;
}

/** The functions that ffi/ looks up in the C library when it is loaded. */
function boundFunctions(): string[] {
  const sources = readdirSync(FFI).filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(FFI, name), "utf8"))
    .filter((text) => text.includes('dlopen("libc.so.6"'));
  return sources.flatMap((text) =>
    [...text.matchAll(/^ {2}(\w+): \{ args: /gm)].map((match) => match[1] ?? "")
  );
}

/** Since when the C library of this machine has each of its functions. */
function sinceWhen(): ReadonlyMap<string, string> {
  const libc = /\S+\/libc\.so\.6$/m.exec(readFileSync("/proc/self/maps", "utf8"))?.[0] ?? "";
  const table = Bun.spawnSync(["readelf", "-W", "--dyn-syms", libc]).stdout.toString();
  const since = new Map<string, string>();
  for (const [, name = "", version = ""] of table.matchAll(/ (\w+)@@?GLIBC_([\d.]+)/g)) {
    const known = since.get(name);
    if (known === undefined || compareVersions(version, known) < 0) since.set(name, version);
  }
  return since;
}

describe("the C library", () => {
  test("compareVersions() orders by numbers", () => {
    expect(["2.17", "2.9", "2.2.5", "2.2"].sort(compareVersions)).toEqual([
      "2.2",
      "2.2.5",
      "2.9",
      "2.17",
    ]);
  });

  test("dist/etmem needs none that is newer than glibc 2.17", () => {
    const needs = glibcNeeds(join(TOP, "dist/etmem"));
    expect(needs).not.toEqual([]);
    expect(needs.filter(isTooNew)).toEqual([]);
  });

  test("ffi/ looks up nothing that is newer than glibc 2.17", () => {
    const functions = boundFunctions();
    expect(functions).toContain("openat");
    expect(functions).toContain("prctl");
    const since = sinceWhen();
    const tooNew = functions.filter((name) => isTooNew(since.get(name) ?? "9"));
    expect(tooNew).toEqual([]);
  });
});
