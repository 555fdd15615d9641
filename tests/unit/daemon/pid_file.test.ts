import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removePidFile, writePidFile } from "../../../src/daemon/pid_file.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

/** Files for which servers race. */
const RACES = 200;
/** With three, one may come between two others. */
const SERVERS = 4;

let folder: string;
let path: string;
const children: { kill: (signal: "SIGKILL") => void }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "etmem-pid-"));
  path = join(folder, "etmemd.pid");
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A process of any name that lives as long as the test. @returns its pid. */
async function processNamed(name: string): Promise<number> {
  const executable = join(folder, name);
  copyFileSync("/bin/sleep", executable);
  chmodSync(executable, 0o755);
  const child = Bun.spawn([executable, "1000"]);
  children.push(child);
  await waitFor(`a process called ${name}`, () => {
    return readFileSync(`/proc/${child.pid}/comm`, "latin1").trim() === name;
  }, { firstPauseMs: 1 });
  rmSync(executable);
  return child.pid;
}

describe("writePidFile()", () => {
  test("writePidFile() writes the pid and a newline, mode 0600, whatever the umask", () => {
    const before = process.umask(0o777);
    try {
      expect(writePidFile(path)).toBeUndefined();
    } finally {
      process.umask(before);
    }
    expect(readFileSync(path, "latin1")).toBe(`${process.pid}\n`);
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["etmemd.pid"]);
  });

  test("writePidFile() leaves the file of another live etmemd alone and names it", async () => {
    const pid = await processNamed("etmemd");
    writeFileSync(path, `${pid}`);
    expect(writePidFile(path)).toBe(pid);
    expect(readFileSync(path, "latin1")).toBe(`${pid}`);
    expect(readdirSync(folder)).toEqual(["etmemd.pid"]);
  });

  test("writePidFile() replaces a stale file", async () => {
    const other = await processNamed("other");
    const ended = Bun.spawnSync(["true"]);
    for (const stale of [`${other}\n`, `${ended.pid}\n`, "", "nonsense", "0", `${process.pid}`]) {
      writeFileSync(path, stale);
      expect(writePidFile(path)).toBeUndefined();
      expect(readFileSync(path, "latin1")).toBe(`${process.pid}\n`);
      expect(readdirSync(folder)).toEqual(["etmemd.pid"]);
    }
  });

  test("writePidFile() replaces the file of an etmemd that was killed and not waited for", async () => {
    const executable = join(folder, "etmemd");
    copyFileSync("/bin/sleep", executable);
    // The shell becomes a process that never waits for its child.
    const parent = Bun.spawn(["sh", "-c", `"${executable}" 1000 & echo $!; exec sleep 1000`], {
      stdout: "pipe",
    });
    children.push(parent);
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(Buffer.from(value ?? []).toString());
    const stat = (): string => readFileSync(`/proc/${pid}/stat`, "latin1");
    await waitFor("the process to be called etmemd", () => stat().includes("(etmemd)"), {
      firstPauseMs: 1,
    });
    await waitFor(
      "its parent to be sleep",
      () => readFileSync(`/proc/${parent.pid}/comm`, "latin1") === "sleep\n",
      { firstPauseMs: 1 },
    );
    process.kill(pid, "SIGKILL");
    await waitFor("a zombie", () => stat().includes(") Z "), { firstPauseMs: 1 });
    writeFileSync(path, `${pid}\n`);
    expect(writePidFile(path)).toBeUndefined();
    expect(readFileSync(path, "latin1")).toBe(`${process.pid}\n`);
  });

  test("writePidFile() gives one of several servers that start at once the file", async () => {
    // So many times, that they come between each other's system calls.
    const paths = Array.from({ length: RACES }, (_, i) => `${path}-${i}`);
    const script = join(folder, "start.ts");
    writeFileSync(
      script,
      `import { writeFileSync } from "node:fs";
       import { writePidFile } from ${
        JSON.stringify(join(import.meta.dir, "../../../src/daemon/pid_file.ts"))
      };
       writeFileSync("/proc/self/comm", "etmemd");
       await Bun.stdin.text();
       const paths = ${JSON.stringify(paths)};
       console.log(JSON.stringify(paths.map((path) => writePidFile(path) ?? process.pid)));
       await Bun.sleep(60_000);`,
    );
    for (const one of paths) writeFileSync(one, "1\n");
    const servers = Array.from({ length: SERVERS }, () => {
      const server = Bun.spawn([process.execPath, script], { stdin: "pipe", stdout: "pipe" });
      children.push(server);
      return server;
    });
    for (const { stdin } of servers) await stdin.end();
    const said = await Promise.all(servers.map(async ({ stdout }): Promise<number[]> => {
      const { value } = await stdout.getReader().read();
      return JSON.parse(Buffer.from(value ?? []).toString());
    }));
    const inFiles = paths.map((one) => Number(readFileSync(one, "latin1")));
    for (const one of said) expect(one).toEqual(inFiles);
    expect(readdirSync(folder)).toHaveLength(paths.length + 1);
  });

  test("writePidFile() replaces what is no regular file, without following it or waiting for it", () => {
    const other = join(folder, "other");
    writeFileSync(other, "1\n");
    const make: readonly (() => void)[] = [
      () => symlinkSync(other, path),
      () => symlinkSync(join(folder, "nowhere"), path),
      () => Bun.spawnSync(["mkfifo", path]),
      () => symlinkSync(path, path),
      () => linkSync(other, path),
      () => writeFileSync(path, new Uint8Array(2 ** 20).fill(0x31)),
    ];
    for (const makeIt of make) {
      makeIt();
      expect(lstatSync(path)).toBeDefined();
      expect(writePidFile(path)).toBeUndefined();
      expect(lstatSync(path).isFile()).toBe(true);
      expect(readFileSync(path, "latin1")).toBe(`${process.pid}\n`);
      expect(readFileSync(other, "latin1")).toBe("1\n");
      rmSync(path);
    }
    expect(readdirSync(folder)).toEqual(["other"]);
  });

  test("writePidFile() says why it cannot", () => {
    expect(() => writePidFile(join(folder, "none/etmemd.pid"))).toThrow("ENOENT");
    mkdirSync(path);
    expect(() => writePidFile(path)).toThrow("EISDIR");
    expect(readdirSync(folder)).toEqual(["etmemd.pid"]);
  });
});

describe("removePidFile()", () => {
  test("removePidFile() removes the file only when it holds this process's pid", () => {
    for (const kept of ["1\n", "", `${process.pid}1\n`]) {
      writeFileSync(path, kept);
      removePidFile(path);
      expect(readFileSync(path, "latin1")).toBe(kept);
    }
    writeFileSync(path, `${process.pid}\n`);
    removePidFile(path);
    expect(existsSync(path)).toBe(false);
    removePidFile(path);
  });
});
