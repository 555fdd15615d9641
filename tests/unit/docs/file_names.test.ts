import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FOLDERS, ROOMS } from "../../tools/layering/rooms.ts";

const TOP = join(import.meta.dir, "../../..");
const TOPS = ["src", "ffi", "tests", ...Object.keys(FOLDERS).filter((path) => !path.includes("/"))];

/** Files and folders of ours that a text names, relative to the top or to src. */
function namesIn(text: string): string[] {
  const known = [...TOPS, ...Object.keys(ROOMS)].join("|");
  const below = new RegExp(`(?<![\\w/.-])(?:${known})/[a-z_0-9/]+(?:\\.[a-z0-9]+)*(?![\\w/])`, "g");
  const modules = /(?<![\w/.-])[a-z_]+\/[a-z_0-9/]+\.ts\b/g;
  return [...new Set([...text.matchAll(below), ...text.matchAll(modules)].map(([name]) => name))];
}

function isThere(name: string): boolean {
  const beginnings = ["", "src/"];
  return beginnings.some((beginning) =>
    ["", ".ts"].some((ending) => existsSync(join(TOP, beginning + name + ending)))
  );
}

test.each(["docs/architecture.md", "CONTRIBUTING.md"])("%s names files that are there", (path) => {
  const names = namesIn(readFileSync(join(TOP, path), "utf8"));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
