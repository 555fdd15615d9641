import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { lockedPackages } from "../../../packaging/sources/locked_packages.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const LOCK = join(import.meta.dir, "../../../package-lock.json");

describe("lockedPackages()", () => {
  test("has both architectures' Bun, of the same version", () => {
    const names = ["@oven/bun-linux-x64-baseline", "@oven/bun-linux-aarch64"];
    const found = lockedPackages(LOCK, names);
    expect(found.map(({ name }) => name)).toEqual([...names].sort());
    expect(new Set(found.map(({ version }) => version)).size).toBe(1);
    for (const { integrity } of found) expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });

  test("brings what a package depends on, once", async () => {
    using files = new ScratchFolder();
    const entry = (dependencies: Record<string, string>) => ({
      version: "1.0.0",
      integrity: "sha512-x",
      dependencies,
    });
    const packages = {
      "node_modules/a": entry({ b: "1", c: "1" }),
      "node_modules/b": entry({ c: "1", a: "1" }),
      "node_modules/c": entry({}),
      "node_modules/d": entry({}),
    };
    const lock = files.at("package-lock.json");
    await Bun.write(lock, JSON.stringify({ packages }));
    expect(lockedPackages(lock, ["a"]).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("refuses what is not pinned", () => {
    expect(() => lockedPackages(LOCK, ["no-such-package"])).toThrow(
      `Cannot vendor "no-such-package": ${LOCK} does not pin it`,
    );
  });
});
