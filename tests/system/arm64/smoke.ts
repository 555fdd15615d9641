import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { compareVersions, glibcNeeds, OLDEST_GLIBC } from "../../unit/packaging/glibc_needs.ts";
import { UNIQUE } from "../../tools/fixtures/unique.ts";

// The compiled aarch64 executable, client and server, under qemu-user: run by main.ts inside
// enter.sh, which puts dist/aarch64 in the place of dist.

const DIST = join(import.meta.dir, "../../../dist");
const SOCKET = `etmem-arm64-${UNIQUE}`;
const PID_FILE = "/run/etmemd.pid";
const EM_AARCH64 = 183;
const CONFIG = `
[project]
name=test
loop=1
interval=1
sleep=1

[engine]
name=slide
project=test

[task]
project=test
engine=slide
name=cold
type=name
value=no-such-process
T=1
`;

const folder = new ScratchFolder();
const config = folder.at("slide.conf");
let server: Bun.Subprocess;

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the two programs to its end. */
function run(name: "etmem" | "etmemd", ...args: string[]): Answer {
  const { exitCode, stdout, stderr } = Bun.spawnSync([join(DIST, name), ...args, "-s", SOCKET]);
  return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

function isListening(): boolean {
  return readFileSync("/proc/net/unix", "utf8").includes(` @${SOCKET}\n`);
}

beforeAll(async () => {
  writeFileSync(config, CONFIG, { mode: 0o600 });
  server = Bun.spawn([join(DIST, "etmemd"), "-l", "0", "-s", SOCKET], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await waitFor("etmemd to listen", isListening);
});

afterAll(async () => {
  server.kill("SIGKILL");
  await server.exited;
  folder[Symbol.dispose]();
});

describe("etmem and etmemd on aarch64", () => {
  test("the executable is one for aarch64", () => {
    expect(readFileSync(join(DIST, "etmem")).readUInt16LE(18)).toBe(EM_AARCH64);
  });

  test("the executable needs nothing that is newer than glibc 2.17", () => {
    const needs = glibcNeeds(join(DIST, "etmem"));
    expect(needs).not.toEqual([]);
    expect(needs.filter((version) => compareVersions(version, OLDEST_GLIBC) > 0)).toEqual([]);
  });

  test("the executable works without a working folder", () => {
    const script = 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && exec "$0" "$@"';
    const command = [join(DIST, "etmem"), "obj", "add", "-f", "slide.conf", "-s", SOCKET];
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", script, ...command]);
    expect(stderr.toString()).toContain("the working folder has been removed or cannot be reached");
    expect(exitCode).toBe(2);
  });

  test("the server is called etmemd", () => {
    expect(readFileSync(`/proc/${server.pid}/comm`, "latin1")).toBe("etmemd\n");
  });

  test("a project is added, shown, and told of in status", () => {
    expect(run("etmem", "obj", "add", "-f", config)).toEqual({ status: 0, stdout: "", stderr: "" });
    const { stdout } = run("etmem", "project", "show");
    expect(stdout).toContain("project: test\n");
    expect(stdout).toMatch(/^1 +name +no-such-process +cold +slide +false +$/m);
    const status = JSON.parse(run("etmem", "status", "--json").stdout);
    expect(status.server.pid).toBe(server.pid);
    expect(status.memory.page_size_bytes).toBe(4096);
    expect(status.memory.pmd_size_bytes).toBe(2 ** 21);
    expect(status.projects[0].name).toBe("test");
  });

  test("a start is refused with the reason: qemu-user has no process_madvise(2)", () => {
    const { status, stderr } = run("etmem", "project", "start", "-n", "test");
    const hasSwap = !/^SwapTotal: +0 kB$/m.test(readFileSync("/proc/meminfo", "utf8"));
    expect(status).toBe(1);
    expect(stderr).toContain(
      hasSwap ? "no mover can be used: " : "there is no swap space: make some with mkswap",
    );
  });

  test("what is wrong is refused", () => {
    const { status, stderr } = run("etmem", "project", "stop", "-n", "test");
    expect(status).toBe(1);
    expect(stderr).toContain("error: project has been stopped");
    expect(run("etmem", "project", "halt", "-n", "test").status).toBe(2);
  });

  test("the project is deleted", () => {
    expect(run("etmem", "obj", "del", "-f", config).status).toBe(0);
    expect(run("etmem", "project", "show").stdout).toBe("no project exists\n\n");
  });

  test("SIGTERM ends the server with status 0, and the client says that none is there", async () => {
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(run("etmem", "project", "show").status).toBe(3);
  });

  test("on pages of 64 KiB the runtime gives up at once, as docs/kernels.md says", () => {
    const { signalCode } = Bun.spawnSync([join(DIST, "etmem"), "help"], {
      env: { ...process.env, QEMU_PAGESIZE: "65536" },
    });
    expect(signalCode).toBe("SIGABRT");
  });

  test("-m returns once a server in the background listens, which SIGTERM ends", async () => {
    expect(run("etmemd", "-m")).toEqual({ status: 0, stdout: "", stderr: "" });
    const pid = Number(readFileSync(PID_FILE, "latin1"));
    try {
      expect(readFileSync(`/proc/${pid}/comm`, "latin1")).toBe("etmemd\n");
      expect(run("etmem", "project", "show").stdout).toBe("no project exists\n\n");
    } finally {
      process.kill(pid, "SIGTERM");
    }
    await waitFor("the server to end", () => !existsSync(`/proc/${pid}`));
    expect(existsSync(PID_FILE)).toBe(false);
  });
});
