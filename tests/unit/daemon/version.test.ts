import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../../src/daemon/version.ts";

test("VERSION is that of package.json", () => {
  const text = readFileSync(join(import.meta.dir, "../../../package.json"), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: VERSION });
});
