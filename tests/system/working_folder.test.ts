import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { type Finished, freshName, isListening } from "./server_process.ts";

/** What `npm run build` makes; scripts/test.sh does so before the tests. */
const DIST = join(import.meta.dir, "../../dist");
const NO_FOLDER = "the working folder has been removed or cannot be reached";

/** Ways to call a command in a folder that is none. */
const CALLS: readonly (readonly [how: string, script: string])[] = [
  ["has been removed", 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && exec "$@"'],
  [
    "lies outside what can be seen",
    'exec unshare --mount sh -c \'mount -t tmpfs none /mnt && cd /mnt && umount -l /mnt && "$@"\' sh "$@"',
  ],
];

function call(script: string, ...command: string[]): Finished {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-c", script, "sh", ...command], {
    cwd: "/usr",
  });
  return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

for (const [how, script] of CALLS) {
  describe(`in a folder that ${how}`, () => {
    test("etmem works, but for a path that is relative to it", () => {
      const name = freshName();
      const help = call(script, join(DIST, "etmem"), "--help");
      expect({ ...help, stdout: "" }).toEqual({ status: 0, stdout: "", stderr: "" });
      expect(help.stdout).toStartWith("etmem: ");
      const add = ["obj", "add", "-s", name, "-f"];
      expect(call(script, join(DIST, "etmem"), ...add, "slide.conf")).toEqual({
        status: 2,
        stdout: "",
        stderr: `etmem: Cannot resolve "slide.conf": ${NO_FOLDER}, an absolute path is allowed\n`,
      });
      const absolute = call(script, join(DIST, "etmem"), ...add, "/slide.conf");
      expect(absolute.stderr).toContain("no etmemd listens on that name");
    });

    test("etmemd runs, but for a --conf-dir that is relative to it", async () => {
      const name = freshName();
      const etmemd = join(DIST, "etmemd");
      for (const more of [[], ["-m"]]) {
        expect(call(script, etmemd, "-s", name, "--conf-dir", "conf.d", ...more)).toEqual({
          status: 2,
          stdout: "",
          stderr: `etmemd: Cannot resolve "conf.d": ${NO_FOLDER}, an absolute path is allowed\n`,
        });
      }
      const server = Bun.spawn(["sh", "-c", script, "sh", etmemd, "-s", name], {
        stdio: ["ignore", "ignore", "ignore"],
        detached: true,
      });
      try {
        await waitFor("the server to listen", () => isListening(name));
        const owner = Bun.spawnSync(["pgrep", "-f", `^${etmemd}.*${name}$`]).stdout.toString();
        expect(readlinkSync(`/proc/${owner.trim()}/cwd`)).toBe("/");
      } finally {
        process.kill(-server.pid, "SIGTERM");
        await server.exited;
      }
      await waitFor("the server to end", () => !isListening(name));
    });
  });
}

test("a folder that its user may not enter is one like others", () => {
  using folder = new ScratchFolder();
  chmodSync(folder.path, 0o755);
  const etmem = folder.at("etmem");
  copyFileSync(join(DIST, "etmem"), etmem);
  const closed = folder.at("closed");
  mkdirSync(closed);
  const script = 'cd "$1" && chmod 0 "$1" && shift && exec "$@"';
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const command = [...nobody, etmem, "obj", "add", "-s", freshName(), "-f", "slide.conf"];
  const { status, stderr } = call(script, closed, ...command);
  expect({ status, stderr }).toEqual({
    status: 3,
    stderr: expect.stringContaining("no etmemd listens on that name"),
  });
});

test("dist/etmem has tables of which readelf has nothing to say", () => {
  const tables = Bun.spawnSync(["readelf", "-hlSW", join(DIST, "etmem")]);
  expect({ success: tables.success, stderr: tables.stderr.toString() }).toEqual({
    success: true,
    stderr: "",
  });
});
