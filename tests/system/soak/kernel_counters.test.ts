import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { kdamonds } from "./kernel_counters.ts";

const folder = new ScratchFolder();
const children: Bun.Subprocess[] = [];

/** Runs a process that has such a name. */
async function startNamed(name: string): Promise<void> {
  copyFileSync("/bin/sleep", folder.at(name));
  const child = Bun.spawn([folder.at(name), "1000"]);
  children.push(child);
  await waitFor(`a process called ${name}`, () => {
    return readFileSync(`/proc/${child.pid}/comm`, "latin1").trim() === name;
  }, { firstPauseMs: 1 });
}

async function endAll(): Promise<void> {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.splice(0).map(({ exited }) => exited));
}

afterAll(async () => {
  await endAll();
  folder[Symbol.dispose]();
});

test("kdamonds() finds what has the name of a thread of DAMON, and nothing else", async () => {
  for (const name of ["kdamond.4321", "kdamond.x", "akdamond.1"]) await startNamed(name);
  const found = kdamonds();
  expect(found).toContain("kdamond.4321");
  expect(found).not.toContain("kdamond.x");
  expect(found).not.toContain("akdamond.1");
  await endAll();
  expect(kdamonds()).not.toContain("kdamond.4321");
});
