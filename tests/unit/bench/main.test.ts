import { expect, test } from "bun:test";
import { join } from "node:path";
import { BENCHMARKS } from "../../../bench/benchmarks.ts";
import { sizesOf } from "../../../bench/process_cost.ts";

const MAIN = join(import.meta.dir, "../../../bench/main.ts");

function bench(...args: readonly string[]): { status: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, MAIN, ...args]);
  return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("bench lists all benchmarks when asked for help", () => {
  const { status, stdout } = bench("--help");
  expect(status).toBe(0);
  for (const { name, about } of BENCHMARKS) expect(stdout).toContain(`${name.padEnd(12)} ${about}`);
});

test("bench ends with 2 and names what it knows when a name is unknown", () => {
  const { status, stderr } = bench("decode", "speed");
  expect(status).toBe(2);
  expect(stderr).toMatch(/^Cannot measure "speed": allowed is --check and any of decode, /);
});

test("benchmarks have names of their own", () => {
  expect(new Set(BENCHMARKS.map(({ name }) => name)).size).toBe(BENCHMARKS.length);
});

test("sizesOf() reads sizes of a process and throws for one that is not there", () => {
  expect(sizesOf("self", ["VmRSS"]).VmRSS).toBeGreaterThan(10 * 2 ** 20);
  expect(() => sizesOf("self", ["VmNone"])).toThrow('Cannot find "VmNone"');
});
