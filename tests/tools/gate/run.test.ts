import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands in for npm: each part of the gate is a line of shell in the environment. */
const NPM = `#!/bin/sh
case "$*" in
  *check*) eval "$CHECK" ;;
  *fuzz*) eval "$FUZZ" ;;
  *test:arm64*) eval "$ARM64" ;;
  *test:vm*) eval "$VM" ;;
  *test:rpm*) eval "$RPM" ;;
  *soak*) eval "$SOAK" ;;
  *) eval "$UNIT" ;;
esac
`;
const GOOD = "echo noise; echo '3 passed, 0 failed'";
const PARTS = ["CHECK", "UNIT", "FUZZ", "ARM64", "SOAK", "VM", "RPM"];
/** What all parts but one pass together. */
const OTHERS = 3 * (PARTS.length - 1);

let top: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "gate-"));
  mkdirSync(join(top, ".ci"));
  copyFileSync(join(import.meta.dir, "../../../.ci/run"), join(top, ".ci/run"));
  writeFileSync(join(top, "npm"), NPM, { mode: 0o755 });
});
afterAll(() => rmSync(top, { recursive: true }));

/**
 * Runs the gate with parts of which some are not good.
 * @returns what it printed, its last line and its status.
 */
function gate(
  parts: Readonly<Record<string, string>>,
): { lines: string[]; last: string; status: number } {
  const env = {
    PATH: `${top}:${process.env["PATH"]}`,
    ...Object.fromEntries(PARTS.map((name) => [name, GOOD])),
    ...parts,
  };
  const done = Bun.spawnSync(["sh", join(top, ".ci/run")], { env });
  const lines = done.stdout.toString().trimEnd().split("\n");
  return { lines, last: lines.at(-1) ?? "", status: done.exitCode };
}

function hasNamespaces(): boolean {
  const args = ["--pid", "--fork", "--mount-proc", "--kill-child", "true"];
  return Bun.spawnSync(["unshare", ...args], { stderr: "ignore" }).success;
}

describe(".ci/run", () => {
  test("adds up the counts of its parts", () => {
    expect(gate({})).toMatchObject({ last: `${OTHERS + 3} passed, 0 failed`, status: 0 });
  });

  test("gives a seed to each part that would choose one, and shows it", () => {
    const { lines } = gate({});
    for (const part of ["fuzz", "soak"]) {
      expect(lines.filter((line) => line.startsWith(`== npm run --silent ${part} `))).toEqual([
        expect.stringContaining(" --seed 1"),
      ]);
    }
  });

  test("runs two parts beside the tests, in a copy of the tree and with processes of their own", () => {
    const where = "echo in=$PWD pid=$$; echo '3 passed, 0 failed'";
    const { lines, last } = gate({ UNIT: where, ARM64: where, RPM: where });
    const [unit, ...copies] = lines.filter((line) => line.startsWith("in="));
    expect(unit).toStartWith(`in=${top} `);
    if (hasNamespaces()) {
      expect(copies).toHaveLength(2);
      for (const copy of copies) expect(copy).toMatch(/^in=(?!.*gate-).*\/tree pid=\d{1,3}$/);
    }
    expect(last).toBe(`${OTHERS + 3} passed, 0 failed`);
  });

  test("runs these parts after the tests where there are no namespaces", () => {
    writeFileSync(join(top, "unshare"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const where = "echo in=$PWD; echo '3 passed, 0 failed'";
    const { lines, last } = gate({ UNIT: where, ARM64: where, RPM: where });
    rmSync(join(top, "unshare"));
    expect(lines.filter((line) => line.startsWith("in="))).toEqual(Array(3).fill(`in=${top}`));
    expect(last).toBe(`${OTHERS + 3} passed, 0 failed`);
  });

  const bad: [what: string, part: string, passed: number, failed: number][] = [
    ["failures are counted", "echo '5 passed, 2 failed'; exit 1", 5, 2],
    ["a part crashes without a count", "echo '3 passed'; kill -SEGV $$", 0, 1],
    ["a part says something after its count", `${GOOD}; echo more`, 0, 1],
    ["a part counts nothing", "echo '0 passed, 0 failed'", 0, 1],
    ["a part says nothing", "true", 0, 1],
    ["a part fails in spite of its count", `${GOOD}; exit 1`, 3, 1],
  ];
  for (const [what, part, passed, failed] of bad) {
    for (const name of PARTS) {
      test(`fails when ${what} (${name})`, () => {
        const last = `${OTHERS + passed} passed, ${failed} failed`;
        expect(gate({ [name]: part })).toMatchObject({ last, status: 1 });
      });
    }
  }
});
