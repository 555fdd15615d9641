import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { runsVirtualMachine } from "../../../src/procfs/kvm.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

/** Of a process whose descriptors are links to these. */
function runs(links: readonly string[]): boolean {
  using folder = new ScratchFolder();
  mkdirSync(folder.at("fd"));
  for (const [fd, link] of links.entries()) symlinkSync(link, folder.at(`fd/${fd}`));
  const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
  try {
    return runsVirtualMachine(dirFd);
  } finally {
    close(dirFd);
  }
}

describe("runsVirtualMachine()", () => {
  test("tells a process with a virtual machine by its descriptors", () => {
    expect(runs(["/dev/null", "/dev/kvm"])).toBe(true);
    expect(runs(["anon_inode:kvm-vm"])).toBe(true);
    expect(runs(["/dev/null", "anon_inode:[eventfd]", "/dev/kvm2", "socket:[1]"])).toBe(false);
    expect(runs([])).toBe(false);
  });

  test("looks at real processes, and fails as gone when one has ended", async () => {
    using trial = await TargetProcess.start();
    expect(runsVirtualMachine(trial.process.dirFd)).toBe(false);
    await trial.end();
    expect(() => runsVirtualMachine(trial.process.dirFd)).toThrow(/ENOENT|ESRCH/);
  });
});
