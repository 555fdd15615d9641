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
import { isAlive } from "../tools/fixtures/is_alive.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { OwnSocket } from "./own_socket.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { type Finished, isListening, runServer, slideConfig } from "./server_process.ts";

const STOP_A_V1 = "proj_name a file_name - cmd 3 eng_name - eng_cmd - task_name -";
const DONE: Finished = { status: 0, stdout: "", stderr: "" };

let mounts: OwnMounts;
let pidFile: string;

beforeAll(async () => {
  mounts = await OwnMounts.create();
  pidFile = mounts.path("/run/etmemd.pid");
});

afterEach(() => rmSync(pidFile, { force: true }));

afterAll(async () => {
  await mounts[Symbol.asyncDispose]();
});

async function end(pid: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  process.kill(pid, signal);
  await waitFor(`process ${pid} to end`, () => !isAlive(pid));
}

/** Runs `etmemd -s NAME -m` with its own /run. @returns the pid of the server left behind. */
async function startInBackground(socket: OwnSocket, ...args: string[]): Promise<number> {
  const { name } = socket;
  expect(await runServer(["-s", name, "-m", ...args], process.env, mounts.enter)).toEqual(DONE);
  expect(isListening(name)).toBe(true);
  return socket.serverPid;
}

describe("etmemd -m", () => {
  test("it returns when the server listens and its pid is in the file, mode 0600", async () => {
    await using socket = new OwnSocket();
    const { name } = socket;
    const pid = await startInBackground(socket);
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
    await using socket = new OwnSocket();
    const { name } = socket;
    const args = ["-s", name, "-m", "--conf-dir", files.at("conf.d")];
    expect(await runServer(args, env, mounts.enter)).toEqual(DONE);
    expect(await ask(name, STOP_A_V1)).toBe("[ok]");
    expect(JSON.parse(readFileSync(files.at(`state/${name}.json`), "utf8"))).toMatchObject({
      stopped: ["a"],
    });
  });

  test("what the caller's environment tells the runtime does not end the server", async () => {
    await using socket = new OwnSocket();
    const { name } = socket;
    const env = { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" };
    expect(await runServer(["-s", name, "-m"], env, mounts.enter)).toEqual(DONE);
    const pid = socket.serverPid;
    expect(await ask(name, SHOW_V1)).toBe("no project exists\n\n[ok]");
    expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain("NO_ORPHANS");
    await end(pid, "SIGTERM");
  });

  test("the server has its own session, the folder / and no inherited descriptor", async () => {
    await using socket = new OwnSocket();
    const pid = await startInBackground(socket, "-l", "0");
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    const [, , group, session, terminal] = fields;
    expect([group, session, terminal]).toEqual([`${pid}`, `${pid}`, "0"]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
    expect(readFileSync(`/proc/${pid}/comm`, "latin1")).toBe("etmemd\n");
    const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    expect(program).toBe("etmemd");
    expect(args.slice(-6)).toEqual(["-s", socket.name, "-m", "-l", "0", ""]);
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
    await using socket = new OwnSocket();
    const { name } = socket;
    const pid = await startInBackground(socket);
    expect(await runServer(["-s", name, "-m"], process.env, mounts.enter)).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmemd: Cannot listen on socket "${name}": another server uses the name, ` +
        "choose another one with -s\n",
    });
    expect(readFileSync(pidFile, "latin1")).toBe(`${pid}\n`);
  });

  test("the pid file of another live server is left alone, with a warning", async () => {
    await using other = new OwnSocket();
    const first = await startInBackground(other);
    await using socket = new OwnSocket();
    const { name } = socket;
    expect(await runServer(["-s", name, "-m"], process.env, mounts.enter)).toEqual({
      ...DONE,
      stderr:
        `etmemd: warning: /run/etmemd.pid names another etmemd, pid ${first}, and is left alone\n`,
    });
    const second = socket.serverPid;
    await end(second, "SIGTERM");
    expect(readFileSync(pidFile, "latin1")).toBe(`${first}\n`);
  });

  test("the pid file of a killed server is replaced", async () => {
    await using socket = new OwnSocket();
    const { name } = socket;
    const first = await startInBackground(socket);
    await end(first, "SIGKILL");
    await waitFor("the name to be free", () => !isListening(name));
    expect(readFileSync(pidFile, "latin1")).toBe(`${first}\n`);
    const second = await startInBackground(socket);
    expect(readFileSync(pidFile, "latin1")).toBe(`${second}\n`);
  });

  test("a pid file that names somebody else by the end is left alone", async () => {
    await using socket = new OwnSocket();
    const pid = await startInBackground(socket);
    writeFileSync(pidFile, "1\n");
    await end(pid, "SIGTERM");
    expect(readFileSync(pidFile, "latin1")).toBe("1\n");
  });

  test("a pid file that cannot be written is an error, and leaves no server", async () => {
    await using sealed = await OwnMounts.create("mount -o remount,ro /run");
    await using socket = new OwnSocket();
    const { name } = socket;
    const { status, stderr } = await runServer(["-s", name, "-m"], process.env, sealed.enter);
    expect(status).toBe(1);
    expect(stderr).toContain("EROFS");
    expect(isListening(name)).toBe(false);
  });

  test("a server in the foreground writes no pid file", async () => {
    await using socket = new OwnSocket();
    const { name } = socket;
    const child = Bun.spawn(
      [...mounts.enter, process.execPath, `${import.meta.dir}/../../main.ts`, "etmemd", "-s", name],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    await waitFor("the server to listen", () => isListening(name));
    expect(existsSync(pidFile)).toBe(false);
    writeFileSync(pidFile, `${child.pid}\n`);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(existsSync(pidFile)).toBe(true);
  });
});
