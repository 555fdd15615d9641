import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands in for npm: each part of the gate is a line of shell in the environment. */
const NPM = `#!/bin/sh
case "$*" in
  *check*) eval "$CHECK" ;;
  *fuzz*) eval "$FUZZ" ;;
  *test:vm*) eval "$VM" ;;
  *) eval "$UNIT" ;;
esac
`;
const GOOD = "echo noise; echo '3 passed, 0 failed'";

let top: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "gate-"));
  mkdirSync(join(top, ".ci"));
  copyFileSync(join(import.meta.dir, "../../.ci/run"), join(top, ".ci/run"));
  writeFileSync(join(top, "npm"), NPM, { mode: 0o755 });
});
afterAll(() => rmSync(top, { recursive: true }));

/** Runs the gate with parts of which some are not good. @returns its last line and its status. */
function gate(parts: Readonly<Record<string, string>>): { last: string; status: number } {
  const env = {
    PATH: `${top}:${process.env["PATH"]}`,
    CHECK: GOOD,
    UNIT: GOOD,
    FUZZ: GOOD,
    VM: GOOD,
    ...parts,
  };
  const done = Bun.spawnSync(["sh", join(top, ".ci/run")], { env });
  return { last: done.stdout.toString().trimEnd().split("\n").at(-1) ?? "", status: done.exitCode };
}

describe(".ci/run", () => {
  test("adds up the counts of its parts", () => {
    expect(gate({})).toEqual({ last: "12 passed, 0 failed", status: 0 });
  });

  const bad: [string, string, string][] = [
    ["failures are counted", "echo '5 passed, 2 failed'; exit 1", "14 passed, 2 failed"],
    ["a part crashes without a count", "echo '3 passed'; kill -SEGV $$", "9 passed, 1 failed"],
    ["a part says something after its count", `${GOOD}; echo more`, "9 passed, 1 failed"],
    ["a part counts nothing", "echo '0 passed, 0 failed'", "9 passed, 1 failed"],
    ["a part says nothing", "true", "9 passed, 1 failed"],
    ["a part fails in spite of its count", `${GOOD}; exit 1`, "12 passed, 1 failed"],
  ];
  for (const [what, part, last] of bad) {
    for (const name of ["CHECK", "UNIT", "FUZZ", "VM"]) {
      test(`fails when ${what} (${name})`, () => {
        expect(gate({ [name]: part })).toEqual({ last, status: 1 });
      });
    }
  }
});
