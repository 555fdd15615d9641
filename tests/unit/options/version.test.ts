import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION, versionLine } from "../../../src/options/version.ts";

test("versionLine() names the program and the version of package.json", () => {
  const text = readFileSync(join(import.meta.dir, "../../../package.json"), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: VERSION });
  expect(versionLine("etmemd")).toBe(`etmemd ${VERSION}\n`);
});
