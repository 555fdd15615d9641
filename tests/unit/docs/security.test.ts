import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TOP = join(import.meta.dir, "../../..");

test("docs/security.md names only tests that are there", () => {
  const text = readFileSync(join(TOP, "docs/security.md"), "utf8");
  const named = [...text.matchAll(/`(tests\/[^`]+)`((?:, `[a-z_0-9]+\.(?:ts|c)`)*)/g)];
  expect(named.length).toBeGreaterThan(30);
  for (const [, path = "", others = ""] of named) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const files = [path, ...[...others.matchAll(/`([^`]+)`/g)].map(([, name]) => folder + name)];
    for (const file of files) expect([file, existsSync(join(TOP, file))]).toEqual([file, true]);
  }
});
