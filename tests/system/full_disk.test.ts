import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAlive } from "../tools/fixtures/is_alive.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { OwnSocket } from "./own_socket.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { isListening, runServer, slideConfig } from "./server_process.ts";

/** Of a file system of 64 KiB: enough for a folder entry, not for a byte. */
const FULL = "mount -t tmpfs -o size=64k tmpfs";

let mounts: OwnMounts;
/** Without any the project would not start. */
const swap = TemporarySwap.make(16 * 2 ** 20);
if (swap.missing !== undefined) console.log(`a full state folder: left out: ${swap.missing}`);
const files = new ScratchFolder();

beforeAll(async () => {
  mounts = await OwnMounts.create(
    `mount -o remount,size=64k /run && mkdir /run/state && ${FULL} /run/state`,
  );
});

afterAll(async () => {
  await mounts[Symbol.asyncDispose]();
  files[Symbol.dispose]();
  swap[Symbol.dispose]();
});

/** Fills a folder's file system to the last byte, until it is disposed of. */
function fill(folder: string): DisposableStack {
  const path = mounts.path(`${folder}/ballast`);
  let bytes = 128 * 1024;
  for (; bytes > 0; bytes -= 4096) {
    try {
      writeFileSync(path, new Uint8Array(bytes));
      break;
    } catch {
      rmSync(path, { force: true });
    }
  }
  expect(() => writeFileSync(mounts.path(`${folder}/one_more`), "x")).toThrow("ENOSPC");
  rmSync(mounts.path(`${folder}/one_more`), { force: true });
  const ballast = new DisposableStack();
  ballast.defer(() => rmSync(path));
  return ballast;
}

const request = (command: number, project: string): string =>
  `proj_name ${project} file_name - cmd ${command} eng_name - eng_cmd - task_name -`;

describe("a full disk", () => {
  test("under /run: -m says so with status 1, and leaves neither server nor file behind", async () => {
    await using socket = new OwnSocket();
    using ballast = fill("/run");
    const before = readdirSync(mounts.path("/run"));
    const { name } = socket;
    const { status, stdout, stderr } = await runServer(
      ["-s", name, "-m"],
      process.env,
      mounts.enter,
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^etmemd: [^\n]*ENOSPC[^\n]*\n$/);
    expect(stderr).toContain("/run/etmemd.pid");
    expect(isListening(name)).toBe(false);
    expect(readdirSync(mounts.path("/run"))).toEqual(before);
    ballast.dispose();
    expect(await runServer(["-s", name, "-m"], process.env, mounts.enter)).toMatchObject({
      status: 0,
    });
    const pid = Number(readFileSync(mounts.path("/run/etmemd.pid"), "latin1"));
    process.kill(pid, "SIGTERM");
    await waitFor("the server to end", () => !isAlive(pid));
  });

  test.skipIf(swap.missing !== undefined)(
    "under the state folder: a stop is done, says that it is not remembered, and tries again",
    async () => {
      mkdirSync(files.at("conf.d"));
      writeFileSync(files.at("conf.d/a"), slideConfig("a", "t"), { mode: 0o600 });
      await using socket = new OwnSocket();
      const { name } = socket;
      const args = ["-s", name, "-m", "--conf-dir", files.at("conf.d")];
      const env = { ...process.env, STATE_DIRECTORY: "/run/state" };
      expect(await runServer(args, env, mounts.enter)).toMatchObject({ status: 0 });
      const pid = Number(readFileSync(mounts.path("/run/etmemd.pid"), "latin1"));
      using ballast = fill("/run/state");
      const answer = await ask(name, request(3, "a"));
      expect(answer).toMatch(
        /^warning: Cannot remember [^\n]*"a" is stopped: [^\n]*ENOSPC[^\n]*\n\[ok\]$/,
      );
      expect(await ask(name, SHOW_V1)).toMatch(/slide +false +\n/);
      expect(readdirSync(mounts.path("/run/state"))).toEqual(["ballast"]);
      ballast.dispose();
      expect(await ask(name, request(2, "a"))).toBe("[ok]");
      expect(await ask(name, request(3, "a"))).toBe("[ok]");
      const state = JSON.parse(readFileSync(mounts.path(`/run/state/${name}.json`), "utf8"));
      expect(state).toMatchObject({ stopped: ["a"] });
      process.kill(pid, "SIGTERM");
      await waitFor("the server to end", () => !isAlive(pid));
    },
  );
});
