import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";
import { waitFor } from "../fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { type Finished, freshName, isListening, runServer, slideConfig } from "./server_process.ts";

const STOP_A_V1 = "proj_name a file_name - cmd 3 eng_name - eng_cmd - task_name -";
const DONE: Finished = { status: 0, stdout: "", stderr: "" };

let mounts: OwnMounts;
let pidFile: string;
const started: number[] = [];

beforeAll(async () => {
  mounts = await OwnMounts.create();
  pidFile = mounts.path("/run/etmemd.pid");
});

afterEach(async () => {
  for (const pid of started.splice(0)) await end(pid, "SIGKILL");
  rmSync(pidFile, { force: true });
});

afterAll(async () => {
  await mounts[Symbol.asyncDispose]();
});

/** Whether a process is there and did not end: one that nobody waits for stays as a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

async function end(pid: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, signal);
  await waitFor(`process ${pid} to end`, 10, () => !isAlive(pid), 5);
}

/** The server on a socket: found by its command line, so that no pid file is needed. */
function serverOn(name: string): number {
  const pid = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number).find(
    (entry) => {
      try {
        const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
        return args.includes(`--socket=${name}`) && !args.includes("-m") && isAlive(entry);
      } catch {
        return false;
      }
    },
  );
  if (pid === undefined) throw new Error(`no server on ${name}`);
  return pid;
}

/** Runs `etmemd -s NAME -m` with its own /run. @returns the pid of the server left behind. */
async function startInBackground(name: string, ...args: string[]): Promise<number> {
  expect(await runServer(["-s", name, "-m", ...args], process.env, mounts.enter)).toEqual(DONE);
  expect(isListening(name)).toBe(true);
  const pid = serverOn(name);
  started.push(pid);
  return pid;
}

describe("etmemd -m", () => {
  test("it returns when the server listens and its pid is in the file, mode 0600", async () => {
    const name = freshName();
    const pid = await startInBackground(name);
    expect(readFileSync(pidFile, "latin1")).toBe(`${pid}\n`);
    expect(statSync(pidFile).mode & 0o7777).toBe(0o600);
    expect(await ask(name, SHOW_V1)).toBe("no project exists\n\n[ok]");
    await end(pid, "SIGTERM");
    expect(existsSync(pidFile)).toBe(false);
    expect(readdirSync(mounts.path("/run"))).toEqual([]);
  });

  test("it returns when the projects of --conf-dir are started, and remembers them stopped", async () => {
    using files = new ScratchFolder();
    mkdirSync(files.at("conf.d"));
    writeFileSync(files.at("conf.d/a"), slideConfig("a"), { mode: 0o600 });
    const env = { ...process.env, STATE_DIRECTORY: files.at("state") };
    const name = freshName();
    const args = ["-s", name, "-m", "--conf-dir", files.at("conf.d")];
    expect(await runServer(args, env, mounts.enter)).toEqual(DONE);
    started.push(serverOn(name));
    expect(await ask(name, STOP_A_V1)).toBe("[ok]");
    expect(JSON.parse(readFileSync(files.at(`state/${name}.json`), "utf8"))).toMatchObject({
      stopped: ["a"],
    });
  });

  test("what the caller's environment tells the runtime does not end the server", async () => {
    const name = freshName();
    const env = { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" };
    expect(await runServer(["-s", name, "-m"], env, mounts.enter)).toEqual(DONE);
    const pid = serverOn(name);
    started.push(pid);
    expect(await ask(name, SHOW_V1)).toBe("no project exists\n\n[ok]");
    expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain("NO_ORPHANS");
    await end(pid, "SIGTERM");
  });

  test("the server has its own session, the folder / and no inherited descriptor", async () => {
    const name = freshName();
    const pid = await startInBackground(name, "-l", "0");
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    const [, , group, session, terminal] = fields;
    expect([group, session, terminal]).toEqual([`${pid}`, `${pid}`, "0"]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
    expect(readFileSync(`/proc/${pid}/comm`, "latin1")).toBe("etmemd\n");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toStartWith("etmemd\0");
    const targets = readdirSync(`/proc/${pid}/fd`).map((fd) =>
      readlinkSync(`/proc/${pid}/fd/${fd}`)
    );
    expect(targets.filter((target) => target === "/dev/null")).toHaveLength(3);
    // Its listening socket; and when there is a system log, the connection to it.
    const sockets = targets.filter((target) => target.startsWith("socket:"));
    expect(sockets.length).toBeLessThanOrEqual(2);
    for (const target of targets) expect(target).toMatch(/^(?:\/dev\/null|socket:|anon_inode:)/);
  });

  test("a name in use is an error, and the pid file stays that of the first server", async () => {
    const name = freshName();
    const pid = await startInBackground(name);
    expect(await runServer(["-s", name, "-m"], process.env, mounts.enter)).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmemd: Cannot listen on socket "${name}": another server uses the name, ` +
        "choose another one with -s\n",
    });
    expect(readFileSync(pidFile, "latin1")).toBe(`${pid}\n`);
  });

  test("the pid file of another live server is left alone, with a warning", async () => {
    const first = await startInBackground(freshName());
    const name = freshName();
    expect(await runServer(["-s", name, "-m"], process.env, mounts.enter)).toEqual({
      ...DONE,
      stderr:
        `etmemd: warning: /run/etmemd.pid names another etmemd, pid ${first}, and is left alone\n`,
    });
    const second = serverOn(name);
    started.push(second);
    await end(second, "SIGTERM");
    expect(readFileSync(pidFile, "latin1")).toBe(`${first}\n`);
  });

  test("the pid file of a killed server is replaced", async () => {
    const name = freshName();
    const first = await startInBackground(name);
    await end(first, "SIGKILL");
    await waitFor("the name to be free", 10, () => !isListening(name), 5);
    expect(readFileSync(pidFile, "latin1")).toBe(`${first}\n`);
    const second = await startInBackground(name);
    expect(readFileSync(pidFile, "latin1")).toBe(`${second}\n`);
  });

  test("a pid file that names somebody else by the end is left alone", async () => {
    const pid = await startInBackground(freshName());
    writeFileSync(pidFile, "1\n");
    await end(pid, "SIGTERM");
    expect(readFileSync(pidFile, "latin1")).toBe("1\n");
  });

  test("a pid file that cannot be written is an error, and leaves no server", async () => {
    await using sealed = await OwnMounts.create("mount -o remount,ro /run");
    const name = freshName();
    const { status, stderr } = await runServer(["-s", name, "-m"], process.env, sealed.enter);
    expect(status).toBe(1);
    expect(stderr).toContain("EROFS");
    expect(isListening(name)).toBe(false);
  });

  test("a server in the foreground writes no pid file", async () => {
    const name = freshName();
    const child = Bun.spawn(
      [...mounts.enter, process.execPath, `${import.meta.dir}/../../main.ts`, "etmemd", "-s", name],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    started.push(child.pid);
    await waitFor("the server to listen", 20, () => isListening(name), 5);
    expect(existsSync(pidFile)).toBe(false);
    writeFileSync(pidFile, `${child.pid}\n`);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(existsSync(pidFile)).toBe(true);
  });
});
