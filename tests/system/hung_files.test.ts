import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/fixtures/compile.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { freshName, isListening } from "./server_process.ts";

const MAIN = join(import.meta.dir, "../../main.ts");

const canMount = existsSync("/dev/fuse");

test.skipIf(!canMount)(
  "a file system that never answers holds up its own clients, for 8 s",
  async () => {
    await using mounts = await OwnMounts.create("mkdir /run/hung /run/conf.d");
    const mount = Bun.spawn([
      ...mounts.enter,
      compile(join(import.meta.dir, "../tools/fixtures/hung_mount.c")),
      "/run/hung",
    ], { stdio: ["pipe", "pipe", "inherit"] });
    const name = freshName();
    const server = Bun.spawn(
      [...mounts.enter, process.execPath, MAIN, "etmemd", "-s", name, "--conf-dir", "/run/conf.d"],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    try {
      const { value } = await mount.stdout.getReader().read();
      expect(Buffer.from(value ?? []).toString()).toBe("ready\n");
      await waitFor("the server to listen", () => isListening(name));
      const request = (cmd: number): string =>
        `proj_name - file_name /run/hung/x.conf cmd ${cmd} eng_name - eng_cmd - task_name -`;
      const answered: string[] = [];
      const held = [0, 1].map(async (cmd) => {
        const answer = await ask(name, request(cmd));
        answered.push(answer);
        return answer;
      });
      for (let i = 0; i < 10; i++) expect(await ask(name, SHOW_V1)).toEndWith("[ok]");
      // All that while both have waited.
      expect(answered).toEqual([]);
      for (const answer of await Promise.all(held)) {
        expect(answer).toEndWith("[failed]");
        expect(answer).toContain("not done after 8 s");
      }
      const last = ask(name, request(0));
      expect(await ask(name, SHOW_V1)).toEndWith("[ok]");
      server.kill("SIGTERM");
      expect(await server.exited).toBe(0);
      // It has not waited for the client's 8 s.
      expect(await last).not.toContain("not done after");
    } finally {
      server.kill("SIGKILL");
      mount.kill("SIGKILL");
      await Promise.all([server.exited, mount.exited]);
    }
  },
);
