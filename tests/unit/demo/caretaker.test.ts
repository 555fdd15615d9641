import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Caretaker } from "../../../demo/caretaker.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("finish() ends a process that ignores SIGTERM, then removes its folder", async () => {
  const caretaker = new Caretaker();
  const folder = mkdtempSync(join(tmpdir(), "etmem-demo-test-"));
  caretaker.entrust({ kind: "folder", path: folder });
  writeFileSync(`${folder}/file`, "");
  const command = "trap '' TERM; echo stubborn; while :; do sleep 1; done";
  const stubborn = Bun.spawn(["sh", "-c", command], { stdout: "pipe" });
  await stubborn.stdout.getReader().read();
  caretaker.entrustProcess(stubborn.pid);
  expect(await caretaker.finish()).toEqual([]);
  await stubborn.exited;
  expect(stubborn.signalCode).toBe("SIGKILL");
  expect(existsSync(folder)).toBe(false);
});

test("finish() leaves a process alone whose pid was used before by the one it knew", async () => {
  const caretaker = new Caretaker();
  const other = Bun.spawn(["sleep", "60"]);
  caretaker.entrust({ kind: "process", pid: other.pid, startTicks: 1 });
  expect(await caretaker.finish()).toEqual([]);
  expect(other.killed).toBe(false);
  expect(isRunning(other.pid)).toBe(true);
  other.kill();
});

test("finish() names what cannot be taken away, and takes away the rest", async () => {
  const caretaker = new Caretaker();
  const folder = mkdtempSync(join(tmpdir(), "etmem-demo-test-"));
  caretaker.entrust({ kind: "folder", path: folder });
  caretaker.entrust({ kind: "folder", path: "/proc/self" });
  expect(await caretaker.finish()).toEqual([
    "the folder is still there: as root: rm -r /proc/self",
  ]);
  expect(existsSync(folder)).toBe(false);
});

test("the caretaker acts when the one that started it is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "etmem-demo-test-"));
  const program = `
    const { Caretaker } = await import("${import.meta.dir}/../../../demo/caretaker.ts");
    const caretaker = new Caretaker();
    caretaker.entrust({ kind: "folder", path: "${folder}" });
    const child = Bun.spawn(["sleep", "60"], { detached: true });
    caretaker.entrustProcess(child.pid);
    console.log(child.pid);
    await Bun.sleep(60_000);`;
  const starter = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const { value } = await starter.stdout.getReader().read();
  const pid = Number(Buffer.from(value ?? []).toString());
  expect(isRunning(pid)).toBe(true);
  starter.kill("SIGKILL");
  await waitFor("the caretaker to take everything away", () => {
    return !isRunning(pid) && !existsSync(folder);
  });
});
