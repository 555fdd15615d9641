import { expect, test } from "bun:test";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileEngine } from "../tools/fixtures/engines/compile_engine.ts";
import { engineProcessesOf } from "../tools/fixtures/engines/engine_processes_of.ts";
import { versionLine } from "../../src/options/version.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { freshName, isListening } from "./server_process.ts";

/** What `npm run build` makes; scripts/test.sh does so before the tests. */
const DIST = join(import.meta.dir, "../../dist");

test("etmemd, any symlink of that name, and etmem etmemd are servers called etmemd", async () => {
  const folder = mkdtempSync(join(tmpdir(), "etmem-dist-"));
  try {
    symlinkSync(join(DIST, "etmem"), join(folder, "etmemd"));
    const commands = [
      { command: [join(DIST, "etmemd")], title: join(DIST, "etmemd") },
      { command: [join(folder, "etmemd")], title: join(folder, "etmemd") },
      { command: [join(DIST, "etmem"), "etmemd"], title: "etmemd" },
    ];
    for (const { command, title } of commands) {
      const name = freshName();
      const server = Bun.spawn([...command, "-l", "0", "-s", name], {
        stdio: ["ignore", "ignore", "ignore"],
      });
      try {
        await waitFor("the server to listen", () => isListening(name));
        expect(readFileSync(`/proc/${server.pid}/comm`, "latin1")).toBe("etmemd\n");
        expect(readFileSync(`/proc/${server.pid}/cmdline`, "utf8")).toBe(
          `${title}\0-l\x000\0-s\0${name}\0`,
        );
        const client = Bun.spawnSync([join(DIST, "etmem"), "project", "show", "-s", name]);
        expect(client.stdout.toString()).toBe("no project exists\n\n");
      } finally {
        server.kill("SIGTERM");
        expect(await server.exited).toBe(0);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("etmem and etmemd print the version of package.json, and nothing else", () => {
  const commands: readonly (readonly [string, ...string[]])[] = [
    ["etmem", "--version"],
    ["etmem", "-V"],
    ["etmemd", "--version"],
    ["etmemd", "-V"],
    ["etmem", "etmemd", "--version"],
  ];
  for (const [program, ...args] of commands) {
    const run = Bun.spawnSync([join(DIST, program), ...args], { cwd: "/", env: {} });
    expect({ args, status: run.exitCode, stderr: run.stderr.toString() }).toEqual({
      args,
      status: 0,
      stderr: "",
    });
    const name = args.includes("etmemd") ? "etmemd" : program;
    expect(run.stdout.toString()).toBe(versionLine(name));
  }
});

test("a server whose executable was replaced starts its engines from the old one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "etmem-dist-"));
  const name = freshName();
  copyFileSync(join(DIST, "etmem"), join(folder, "etmemd"));
  const server = Bun.spawn([join(folder, "etmemd"), "-s", name], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await waitFor("the server to listen", () => isListening(name));
    // as rpm does it: another file under the same name
    writeFileSync(join(folder, "new"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    renameSync(join(folder, "new"), join(folder, "etmemd"));
    const conf = join(folder, "conf");
    const engine = `[engine]\nname=thirdparty\nproject=p\neng_name=e\nops_name=recorder_ops\n` +
      `libname=${compileEngine("recorder.c")}\n`;
    writeFileSync(conf, `[project]\nname=p\nloop=1\ninterval=1\nsleep=1\n${engine}`, {
      mode: 0o600,
    });
    const client = Bun.spawnSync([join(DIST, "etmem"), "obj", "add", "-f", conf, "-s", name]);
    expect({ status: client.exitCode, stderr: client.stderr.toString() }).toEqual({
      status: 0,
      stderr: "",
    });
    const [host = 0] = engineProcessesOf(server.pid);
    expect(readlinkSync(`/proc/${host}/exe`)).toBe(`${join(folder, "etmemd")} (deleted)`);
  } finally {
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    rmSync(folder, { recursive: true });
  }
});

test("etmem doctor works where no server runs, with what it loads only then", () => {
  const command = [join(DIST, "etmem"), "doctor", "--json"];
  const alone = ["unshare", "--pid", "--fork", "--mount-proc"];
  const { exitCode, stdout } = Bun.spawnSync([...alone, ...command]);
  const { findings } = JSON.parse(stdout.toString()) as { findings: readonly unknown[] };
  expect(exitCode).toBe(1);
  expect(findings).toContainEqual(expect.objectContaining({ found: "no etmemd runs here" }));
});

test("etmem is not steered by files of the folder that it is called in", () => {
  const folder = mkdtempSync(join(tmpdir(), "etmem-dist-"));
  try {
    writeFileSync(join(folder, "preload.ts"), 'console.log("preloaded");');
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(folder, ".bunfig.toml"), 'preload = ["./preload.ts"]\n');
    for (const name of [".env", ".env.local", ".env.production"]) {
      writeFileSync(join(folder, name), "BUN_OPTIONS=--preload=./preload.ts\nBUN_BE_BUN=1\n");
    }
    writeFileSync(join(folder, "package.json"), '{"main":"preload.ts","type":"module"}');
    writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./*"]}}}');
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
    const run = Bun.spawnSync([join(DIST, "etmem"), "help"], { cwd: folder, env });
    expect(run.exitCode).toBe(0);
    expect(run.stdout.toString()).not.toContain("preloaded");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
