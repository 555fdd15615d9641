import { afterEach, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { readGroupPressureMs } from "../../../src/procfs/process_pressure.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const PRESSURE = "some avg10=0.00 avg60=0.12 avg300=0.03 total=154321\n" +
  "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n";
const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) close(fd);
});

/** A process's folder and the control groups, as in files of these contents. */
function pressureOf(
  folder: ScratchFolder,
  cgroup: string,
  files: Readonly<Record<string, string>>,
): number | undefined {
  mkdirSync(folder.at("process"));
  writeFileSync(folder.at("process/cgroup"), cgroup);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(folder.at(`groups/${path.slice(0, path.lastIndexOf("/"))}`), { recursive: true });
    writeFileSync(folder.at(`groups/${path}`), text);
  }
  const dirFd = openAt(AT_FDCWD, folder.at("process"), O_RDONLY);
  open.push(dirFd);
  return readGroupPressureMs(dirFd, folder.at("groups"));
}

test("readGroupPressureMs() reads what the group of a process has waited", () => {
  using folder = new ScratchFolder();
  const files = { "a/memory.pressure": "some total=1\n", "a/b/memory.pressure": PRESSURE };
  expect(pressureOf(folder, "0::/a/b\n", files)).toBe(154.321);
});

test("readGroupPressureMs() reads version 2 beside version 1", () => {
  using folder = new ScratchFolder();
  const files = { "unified/a/memory.pressure": PRESSURE };
  expect(pressureOf(folder, "4:memory:/x\n0::/a\n", files)).toBe(154.321);
});

const real = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((root) =>
  existsSync(`${root}/cgroup.controllers`) && existsSync("/proc/pressure/memory")
);
if (real === undefined) console.log("group pressure: no groups of version 2 with PSI here");

test.skipIf(real === undefined)("readGroupPressureMs() reads that of a real group", async () => {
  const group = `${real}/etmem-pressure-${randomUUID()}`;
  mkdirSync(group);
  const child = Bun.spawn(["sleep", "600"]);
  try {
    writeFileSync(`${group}/cgroup.procs`, String(child.pid));
    const dirFd = openAt(AT_FDCWD, `/proc/${child.pid}`, O_RDONLY);
    open.push(dirFd);
    expect(readGroupPressureMs(dirFd)).toBeGreaterThanOrEqual(0);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    await waitFor("the group to be empty", () => {
      return !readFileSync(`${group}/cgroup.events`, "latin1").includes("populated 1");
    });
    rmdirSync(group);
  }
});

test.each([
  ["of version 1 only", "4:memory:/a\n", { "memory/a/memory.pressure": PRESSURE }],
  ["with the topmost group only", "0::/\n", { "x/memory.pressure": PRESSURE }],
  ["that a kernel without PSI has", "0::/a\n", { "a/memory.current": "1\n" }],
  ["whose group above alone tells", "0::/a/b/c\n", { "a/memory.pressure": PRESSURE }],
  ["with another text", "0::/a\n", { "a/memory.pressure": "some total=x\n" }],
])("readGroupPressureMs() knows nothing of groups %s", (_what, cgroup, files) => {
  using folder = new ScratchFolder();
  expect(pressureOf(folder, cgroup, files)).toBeUndefined();
});
