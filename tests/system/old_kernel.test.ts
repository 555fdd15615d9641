import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/fixtures/compile.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { ServerProcess, slideConfig } from "./server_process.ts";

/** Gives a program the system calls of Linux 4.19, that of openEuler 20.03. */
const OLD_KERNEL = compile(join(import.meta.dir, "../tools/fixtures/old_kernel.c"));
const SWAP_BYTES = 2 ** 21;

describe("old_kernel", () => {
  test("answers ENOSYS to calls that are newer than Linux 4.19, and to no others", () => {
    const { stdout } = Bun.spawnSync([OLD_KERNEL, "--show"]);
    const lines = stdout.toString().trim().split("\n");
    for (
      const name of [
        "pidfd_open",
        "process_madvise",
        "clone3",
        "close_range",
        "openat2",
        "epoll_pwait2",
        "io_uring_setup",
        "faccessat2",
        "futex_waitv",
      ]
    ) expect(lines).toContain(`${name} ENOSYS`);
    expect(lines.filter((line) => !line.endsWith(" ENOSYS"))).toEqual([
      "madvise MADV_PAGEOUT EINVAL",
      "madvise MADV_DONTNEED done",
      "getpid done",
    ]);
  });
});

describe("etmem and etmemd on a kernel as old as Linux 4.19, without the modules", () => {
  test("they work, and a start is refused: there is no mover", async () => {
    // Without any, a start would be refused for that; that of others may go at any time.
    using swap = TemporarySwap.make(SWAP_BYTES);
    await using server = await ServerProcess.start({ through: [OLD_KERNEL] });
    expect(readFileSync(`/proc/${server.pid}/status`, "utf8")).toMatch(/^Seccomp:\t2$/m);
    const file = server.file("a.conf", slideConfig("a", "cold"));
    expect((await server.etmem("obj", "add", "-f", file)).status).toBe(0);
    expect((await server.etmem("project", "show")).stdout).toContain("project: a\n");

    const { status, stderr } = await server.etmem("project", "start", "-n", "a");
    expect(status).toBe(1);
    if (swap.missing === undefined) {
      expect(stderr).toContain("no mover can be used: ");
      expect(stderr).toContain("this kernel has no /proc/PID/swap_pages");
      expect(stderr).toContain("this kernel has no process_madvise (Linux 5.10)");
    } else {
      console.log(`left out: why there is no mover: ${swap.missing}`);
      expect(stderr).toMatch(/there is no swap space|no mover can be used/);
    }

    const shown = JSON.parse((await server.etmem("status", "--json")).stdout);
    expect(shown.movers.map(({ name, available }: { name: string; available: boolean }) => [
      name,
      available,
    ])).toEqual([["swap_pages", false], ["process_madvise", false]]);
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  });
});
