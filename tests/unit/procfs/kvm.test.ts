import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemCallError } from "../../../ffi/errno.ts";
import { AT_FDCWD, close, O_RDONLY, O_RDWR, openAt } from "../../../ffi/libc.ts";
import { runsVirtualMachine } from "../../../src/procfs/kvm.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

/** Of a process whose descriptors are links to these, and whose mappings have these names. */
function runs(links: readonly string[], names: readonly string[] = []): boolean {
  using folder = new ScratchFolder();
  const lines = names.map((name) => `7f6f4a767000-7f6f4a76a000 rw-s 00000000 00:10 1038 ${name}\n`);
  writeFileSync(folder.at("maps"), lines.join(""));
  mkdirSync(folder.at("fd"));
  for (const [fd, link] of links.entries()) symlinkSync(link, folder.at(`fd/${fd}`));
  const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
  try {
    return runsVirtualMachine(dirFd);
  } finally {
    close(dirFd);
  }
}

function hasKvm(): boolean {
  try {
    close(openAt(AT_FDCWD, "/dev/kvm", O_RDWR));
    return true;
  } catch (error) {
    if (error instanceof SystemCallError) return false;
    throw error;
  }
}

describe("runsVirtualMachine()", () => {
  test("tells a process with a virtual machine by its descriptors", () => {
    expect(runs(["/dev/null", "/dev/kvm"])).toBe(true);
    expect(runs(["anon_inode:kvm-vm"])).toBe(true);
    expect(runs(["/dev/null", "anon_inode:[eventfd]", "/dev/kvm2", "socket:[1]"])).toBe(false);
    expect(runs([])).toBe(false);
  });

  test("tells it by a virtual CPU that is mapped, and not by a file of that name", () => {
    const vcpu = "                      anon_inode:kvm-vcpu:0";
    expect(runs([], ["/lib/libc.so.6", vcpu, "[stack]"])).toBe(true);
    expect(runs([], ["/tmp/anon_inode:kvm-vcpu:0", "/tmp/a anon_inode:kvm-vcpu:0"])).toBe(false);
    expect(runs([], ["/tmp/anon_inode:kvm-vcpu:0", vcpu])).toBe(true);
  });

  test.skipIf(!hasKvm())("tells a real one, as soon as it has a virtual CPU", async () => {
    const source = join(import.meta.dir, "virtual_machine.c");
    const machine = Bun.spawn([compile(source)], { stdin: "pipe", stdout: "pipe" });
    try {
      const reader = machine.stdout.getReader();
      const isVirtualMachine = async (): Promise<boolean> => {
        await reader.read();
        using opened = new OpenProcess(machine.pid);
        return runsVirtualMachine(opened.dirFd);
      };
      // Its descriptors are above 1000 others: only the mapping tells.
      expect(await isVirtualMachine()).toBe(false);
      void machine.stdin.write("\n");
      void machine.stdin.flush();
      expect(await isVirtualMachine()).toBe(true);
    } finally {
      machine.kill();
      await machine.exited;
    }
  });

  test("looks at no more descriptors of a process that has very many", () => {
    const links = Array.from({ length: 1000 }, () => "/dev/null");
    expect(runs([...links.slice(0, 63), "/dev/kvm", ...links])).toBe(true);
    expect(runs([...links, "/dev/kvm"])).toBe(false);
  });

  test("looks at real processes, and fails as gone when one has ended", async () => {
    using trial = await TargetProcess.start();
    expect(runsVirtualMachine(trial.process.dirFd)).toBe(false);
    await trial.end();
    expect(() => runsVirtualMachine(trial.process.dirFd)).toThrow(/ENOENT|ESRCH/);
  });
});
