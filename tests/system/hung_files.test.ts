import { expect, test } from "bun:test";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/fixtures/compile.ts";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { freshName, isListening, ServerProcess } from "./server_process.ts";

const MAIN = join(import.meta.dir, "../../main.ts");

const canMount = existsSync("/dev/fuse");

/** Mounts a file system on a folder that never answers, until it is disposed of. */
async function hang(mounts: OwnMounts, folder: string): Promise<AsyncDisposable> {
  const program = compile(join(import.meta.dir, "../tools/fixtures/hung_mount.c"));
  const mount = Bun.spawn([...mounts.enter, program, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { value } = await mount.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe("ready\n");
  return {
    async [Symbol.asyncDispose]() {
      mount.kill("SIGKILL");
      await mount.exited;
    },
  };
}

/** Children of a process. */
function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
}

const request = (cmd: number, file: string): string =>
  `proj_name - file_name ${file} cmd ${cmd} eng_name - eng_cmd - task_name -`;

const project = (name: string): string => `[project]\nname=${name}\nloop=1\ninterval=1\nsleep=1\n`;

test.skipIf(!canMount)(
  "a file system that never answers holds up its own clients, for 8 s",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/hung /run/conf.d");
    await using _mount = await hang(mounts, "/run/hung");
    const args = ["--conf-dir", "/run/conf.d"];
    await using server = await ServerProcess.start({ through: mounts.enter, args });
    const { name } = server;
    const hung = "/run/hung/x.conf";
    const answered: string[] = [];
    const beganMs = performance.now();
    const held = [0, 1, 0].map(async (cmd) => {
      const answer = await ask(name, request(cmd, hung));
      answered.push(answer);
      return answer;
    });
    for (let i = 0; i < 10; i++) expect(await ask(name, SHOW_V1)).toEndWith("[ok]");
    const projects = async (): Promise<unknown> => {
      const { stdout } = await server.etmem("status", "--json");
      return (JSON.parse(stdout) as ServerStatus).projects
        .map((one) => ({ name: one.name, persistent: one.persistent }));
    };
    // A good file after a hung one.
    writeFileSync(mounts.path("/run/good"), project("good"), { mode: 0o600 });
    expect(await ask(name, request(0, "/run/good"))).toBe("[ok]");
    expect(await projects()).toEqual([{ name: "good", persistent: false }]);
    expect(await ask(name, request(1, "/run/good"))).toEndWith("[ok]");
    // All that while they have waited, unless a busy machine took more than their 8 s for it.
    if (performance.now() - beganMs < 8_000) expect(answered).toEqual([]);
    for (const answer of await Promise.all(held)) {
      expect(answer).toEndWith("[failed]");
      expect(answer).toContain("not done after 8 s");
    }
    // The same in the folder, which is still followed.
    writeFileSync(mounts.path("/run/conf.d/good"), project("good"), { mode: 0o600 });
    await waitFor("the file of the folder", async () => {
      return Bun.deepEquals(await projects(), [{ name: "good", persistent: true }]);
    });
    const last = ask(name, request(0, hung));
    expect(await ask(name, SHOW_V1)).toEndWith("[ok]");
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    // It has not waited for the client's 8 s.
    expect(await last).not.toContain("not done after");
  },
);

test.skipIf(!canMount)(
  "a file of --conf-dir whose file system dies is not persistent, and holds up no answer",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/dead /run/conf.d");
    for (const [file, name] of [["dead/a", "a"], ["conf.d/b", "b"]] as const) {
      writeFileSync(mounts.path(`/run/${file}`), project(name), { mode: 0o600 });
    }
    symlinkSync("/run/dead/a", mounts.path("/run/conf.d/a"));
    const args = ["--conf-dir", "/run/conf.d"];
    await using server = await ServerProcess.start({ through: mounts.enter, args });
    const persistent = async (): Promise<unknown> => {
      const { stdout } = await server.etmem("status", "--json");
      const { projects } = JSON.parse(stdout) as {
        projects: { name: string; started: boolean; persistent: boolean }[];
      };
      return Object.fromEntries(
        projects.filter(({ started }) => started).map((one) => [one.name, one.persistent]),
      );
    };
    // A file of a busy machine may take longer than an answer waits, and is left alone then.
    const untilPersistent = (wanted: object): Promise<unknown> =>
      waitFor(`the files to be ${JSON.stringify(wanted)}`, async () => {
        return Bun.deepEquals(await persistent(), wanted);
      });
    await untilPersistent({ a: true, b: true });
    await using _mount = await hang(mounts, "/run/dead");
    for (let i = 0; i < 6; i++) expect(await persistent()).toMatchObject({ a: false });
    await untilPersistent({ a: false, b: true });
    // Nobody has looked at the dead file again: the kernel would hold that process.
    await waitFor("no process that is held", () => childrenOf(server.pid) === "", { seconds: 20 });
    expect(await server.etmem("status", "--restart-safe")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("a") as string,
    });
    expect(await ask(server.name, SHOW_V1)).toEndWith("[ok]");
    // The object of another file with the same name: removed, with what is not known.
    writeFileSync(mounts.path("/run/same"), project("a"), { mode: 0o600 });
    const removed = await ask(server.name, request(1, "/run/same"));
    expect(removed).toContain('"/run/conf.d/a" does not answer');
    expect(removed).toEndWith("[ok]");
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  },
);

test.skipIf(!canMount)(
  "a folder of --conf-dir that dies changes nothing, and holds up no answer and no stop",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/conf.d");
    writeFileSync(mounts.path("/run/conf.d/a"), project("a"), { mode: 0o600 });
    const args = ["--conf-dir", "/run/conf.d"];
    await using server = await ServerProcess.start({ through: mounts.enter, args });
    const status = async (): Promise<ServerStatus> => {
      return JSON.parse((await server.etmem("status", "--json")).stdout) as ServerStatus;
    };
    await waitFor("the project", async () => (await status()).projects[0]?.started);
    await using _mount = await hang(mounts, "/run/conf.d");
    server.kill("SIGHUP");
    await waitFor("the folder to be missed", async () => {
      expect(await ask(server.name, SHOW_V1)).toEndWith("[ok]");
      return (await status()).conf_dir?.problem === "its file system does not answer";
    });
    for (let i = 0; i < 3; i++) server.kill("SIGHUP");
    expect((await status()).projects).toMatchObject([
      { name: "a", started: true, persistent: false },
    ]);
    await waitFor("no process that is held", () => childrenOf(server.pid) === "", { seconds: 20 });
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  },
);

test.skipIf(!canMount)(
  "a file of --conf-dir that never answers is refused, and the others are added",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/dead /run/conf.d");
    await using _mount = await hang(mounts, "/run/dead");
    symlinkSync("/run/dead/a", mounts.path("/run/conf.d/a"));
    writeFileSync(mounts.path("/run/conf.d/b"), project("b"), { mode: 0o600 });
    const args = ["--conf-dir", "/run/conf.d"];
    await using server = await ServerProcess.start({ through: mounts.enter, args });
    await waitFor("the good file to be added", async () => {
      return (await ask(server.name, SHOW_V1)).includes("project: b");
    });
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  },
);

test.skipIf(!canMount)(
  "a folder of --conf-dir that never answers ends the start, and so does a signal",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/dead");
    await using _mount = await hang(mounts, "/run/dead");
    const name = freshName();
    const command = [process.execPath, MAIN, "etmemd", "-s", name, "--conf-dir", "/run/dead"];
    const start = (): Bun.Subprocess<"ignore", "ignore", "pipe"> =>
      Bun.spawn([...mounts.enter, ...command], { stdio: ["ignore", "ignore", "pipe"] });
    const refused = start();
    expect(await refused.exited).toBe(1);
    expect(await new Response(refused.stderr).text()).toContain(
      'Cannot use "/run/dead": it has not answered for 2 s',
    );
    const stopped = start();
    await waitFor("the server to take signals", async () => {
      const status = await Bun.file(`/proc/${stopped.pid}/status`).text();
      const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 0}`);
      return (caught & (1n << 14n)) !== 0n;
    }, { firstPauseMs: 1 });
    stopped.kill("SIGTERM");
    expect(await stopped.exited).toBe(0);
    expect(isListening(name)).toBe(false);
  },
);
