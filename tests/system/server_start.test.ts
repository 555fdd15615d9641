import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { versionLine } from "../../src/options/version.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { freshName, isListening, runServer, ServerProcess, slideConfig } from "./server_process.ts";

/** A list of strings with a NUL byte after each, as /proc/PID/cmdline and environ are. */
function strings(pid: number, file: "cmdline" | "environ"): string[] {
  return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").slice(0, -1);
}

function comm(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "latin1");
}

describe("etmemd in the foreground", () => {
  test("it is called etmemd, in an environment of what a server needs", async () => {
    await using server = await ServerProcess.start({
      env: { BUN_OPTIONS: "", BUN_X: "1", LD_X: "1", SECRET: "1", LC_ALL: "C.UTF-8", TZ: "UTC" },
    });
    expect(comm(server.pid)).toBe("etmemd\n");
    expect(basename(strings(server.pid, "cmdline")[0] ?? "")).toBe("etmemd");
    const environment = strings(server.pid, "environ");
    const own = environment.filter((variable) => variable.startsWith("BUN_"));
    expect(own.toSorted()).toEqual([
      "BUN_GC_TIMER_DISABLE=1",
      "BUN_JSC_jitMemoryReservationSize=67108864",
      "BUN_JSC_numberOfGCMarkers=1",
      "BUN_JSC_structureHeapSizeInKB=131072",
      "BUN_JSC_useConcurrentGC=0",
      "BUN_JSC_useConcurrentJIT=0",
    ]);
    expect(environment).toContain("MIMALLOC_ARENA_RESERVE=65536");
    expect(environment).toContain("LC_ALL=C.UTF-8");
    expect(environment).toContain("TZ=UTC");
    expect(environment).toContain(`PATH=${process.env["PATH"]}`);
    for (const variable of environment) {
      expect(variable).not.toMatch(/^(?:LD_|SECRET=)/);
    }
  });

  test("it keeps its standard input and output and its folder", async () => {
    await using server = await ServerProcess.start({ cwd: "/usr" });
    expect(readlinkSync(`/proc/${server.pid}/cwd`)).toBe("/usr");
    for (const fd of [0, 1, 2]) {
      expect(readlinkSync(`/proc/${server.pid}/fd/${fd}`)).toBe("/dev/null");
    }
  });

  test("its address is the name with a NUL byte in front and nothing behind it", async () => {
    for (const name of [freshName().padEnd(106, "n"), `${freshName()}é`]) {
      await using server = await ServerProcess.start({ name });
      expect(isListening(server.name)).toBe(true);
      expect(await ask(name, SHOW_V1)).toBe("no project exists\n\n[ok]");
    }
  });

  test("several servers with different names run at once", async () => {
    await using one = await ServerProcess.start();
    await using two = await ServerProcess.start();
    const path = one.file("a.conf", slideConfig("a", "t"));
    expect((await one.etmem("obj", "add", "-f", path)).status).toBe(0);
    expect((await two.etmem("project", "show")).stdout).toBe("no project exists\n\n");
  });

  test("a name in use is refused with the reason, and the first server goes on", async () => {
    await using server = await ServerProcess.start();
    expect(await runServer(["-s", server.name])).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmemd: Cannot listen on socket "${server.name}": another server uses the name, ` +
        "choose another one with -s\n",
    });
    expect(await ask(server.name, SHOW_V1)).toBe("no project exists\n\n[ok]");
  });

  test("a server that was killed leaves nothing that hinders the next", async () => {
    const name = freshName();
    for (let i = 0; i < 3; i++) {
      await using server = await ServerProcess.start({ name });
      server.kill("SIGKILL");
      await server.exited;
      await waitFor("the name to be free", () => !isListening(name));
    }
  });
});

describe("a command line that is wrong", () => {
  test("it is answered by one line that says what, and status 2", async () => {
    const cases: [string[], string][] = [
      [[], 'Cannot run "etmemd": -s, --socket NAME is missing'],
      [["-s", "a", "-s", "b"], 'Cannot use "-s" a second time: -s, --socket NAME is allowed once'],
      [["-s", "a", "-l", "7"], 'Cannot set "-l" to "7": allowed is 0 to 3'],
      [["-s", "n".repeat(107), "-m"], "allowed is a name of 1 to 106 bytes"],
      [["--sokcet", "a"], 'did you mean "--socket"'],
    ];
    for (const [args, message] of cases) {
      const { status, stdout, stderr } = await runServer(args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^etmemd: [^\n]+\n$/);
      expect(stderr).toContain(message);
    }
  });

  test("help is printed to standard output, with status 0", async () => {
    for (const args of [["-h"], ["--help", "-l", "9"]]) {
      const { status, stdout, stderr } = await runServer(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toContain("\n  etmemd -s|--socket NAME [-l|--log-level LEVEL]");
    }
  });
});

test("a user that is not root cannot start it, and is told so", () => {
  const script = join(import.meta.dir, "unprivileged_server.ts");
  for (const args of [[], ["-m"]]) {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, script, "-s", "x", ...args]);
    expect(stderr.toString()).toBe(
      "etmemd: Cannot start the server: it needs root, this is uid 65534\n",
    );
    expect(exitCode).toBe(1);
  }
  const { exitCode, stdout } = Bun.spawnSync([process.execPath, script, "-V"]);
  expect({ exitCode, stdout: stdout.toString() }).toEqual({
    exitCode: 0,
    stdout: versionLine("etmemd"),
  });
});

const WORKERS = 2 * availableParallelism() + 1;
const LIMITS = [
  ["-v", 520 + 100 * WORKERS, "the address space is limited to", "ulimit -v, LimitAS="],
  ["-d", 300 + 80 * WORKERS, "the data segment is limited to", "ulimit -d, LimitDATA="],
] as const;

test.each(LIMITS)(
  "a limit of memory (ulimit %s) that is too small is named in one line",
  async (flag, mib, what, how) => {
    const limited = ["sh", "-c", `ulimit ${flag} ${(mib - 1) * 1024}; exec "$@"`, "sh"];
    expect(await runServer(["-s", freshName()], process.env, limited)).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmemd: Cannot start the server: ${what} ${mib - 1} MiB (${how}), ` +
        `it needs ${mib} MiB\n`,
    });
  },
);

test.each(LIMITS)(
  "a server works within the limit (ulimit %s) that it asks for, and reserves no more",
  async (flag, mib) => {
    const through = ["sh", "-c", `ulimit ${flag} ${mib * 1024}; exec "$@"`, "sh"];
    await using server = await ServerProcess.start({ through });
    expect(await server.etmem("status", "--json")).toMatchObject({ status: 0, stderr: "" });
    const status = readFileSync(`/proc/${server.pid}/status`, "latin1");
    const [peakKb, dataKb] = ["VmPeak", "VmData"].map((name) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1])
    );
    // its own, and those of the thread that has tried the trackers
    expect(peakKb).toBeLessThan(600_000 + 200_000);
    expect(dataKb).toBeLessThan(400_000 + 100_000);
  },
);
