import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../src/config/config_error.ts";
import { readConfigFile } from "../../../src/daemon/read_config_file.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";

const MIB = 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), "etmem-config-"));
const path = (name: string): string => join(folder, name);

function file(name: string, mode: number, text = "[project]\n"): string {
  writeFileSync(path(name), text);
  chmodSync(path(name), mode);
  return path(name);
}

/** The message of the refusal, with <folder> for where the files are. */
async function refusal(of: string): Promise<string> {
  try {
    await readConfigFile(of);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(folder, "<folder>");
    throw error;
  }
  return "accepted";
}

let server: Server;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(path("socket"), resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test.each([0o600, 0o400])("readConfigFile() gives the bytes when the mode is %o", async (mode) => {
  expect(await readConfigFile(file("good", mode, "a\0\xff"))).toEqual(
    new TextEncoder().encode("a\0\xff"),
  );
});

test("readConfigFile() follows a symbolic link to a proper file", async () => {
  file("target", 0o600);
  symlinkSync("target", path("link"));
  expect(await readConfigFile(path("link"))).toHaveLength(10);
});

test("readConfigFile() gives no bytes when the file is empty", async () => {
  expect(await readConfigFile(file("empty", 0o600, ""))).toHaveLength(0);
});

test.each([0o644, 0o640, 0o700, 0o200, 0o000, 0o4600, 0o1400, 0o660])(
  "readConfigFile() refuses the mode %o",
  async (mode) => {
    const octal = mode.toString(8).padStart(4, "0");
    expect(await refusal(file(`mode-${octal}`, mode))).toBe(
      `Cannot use "<folder>/mode-${octal}": its mode is ${octal}, allowed is 0600 or 0400 (chmod 600)`,
    );
  },
);

test.each([[1000, 0], [0, 1000], [65534, 65534]])(
  "readConfigFile() refuses the owner %i:%i",
  async (uid, gid) => {
    const name = `owner-${uid}-${gid}`;
    chownSync(file(name, 0o600), uid, gid);
    expect(await refusal(path(name))).toBe(
      `Cannot use "<folder>/${name}": its owner is ${uid}:${gid}, allowed is 0:0 (chown root:root)`,
    );
  },
);

test("readConfigFile() reads 10 MiB and refuses a byte more", async () => {
  const big = file("big", 0o600);
  truncateSync(big, 10 * MIB);
  expect(await readConfigFile(big)).toHaveLength(10 * 1024 * 1024);
  truncateSync(big, 10 * MIB + 1);
  expect(await refusal(big)).toBe(
    'Cannot use "<folder>/big": it is too long, allowed are 10485760 bytes',
  );
});

test("readConfigFile() stops at 10 MiB when the file does not tell its size", async () => {
  expect(await refusal("/proc/self/pagemap")).toBe(
    'Cannot use "/proc/self/pagemap": it is too long, allowed are 10485760 bytes',
  );
});

test("readConfigFile() refuses at once what is no regular file", async () => {
  mkdirSync(path("dir"));
  Bun.spawnSync(["mkfifo", "-m", "600", path("fifo")]);
  expect(await refusal(path("dir"))).toBe(
    'Cannot use "<folder>/dir": it is a folder, allowed is a regular file',
  );
  expect(await refusal(path("fifo"))).toBe(
    'Cannot use "<folder>/fifo": it is a FIFO, allowed is a regular file',
  );
  expect(await refusal("/dev/zero")).toBe(
    'Cannot use "/dev/zero": it is a device, allowed is a regular file',
  );
  expect(await refusal(path("socket"))).toBe(
    'Cannot use "<folder>/socket": it is a socket or a device, allowed is a regular file',
  );
});

test("readConfigFile() names what is wrong with the path", async () => {
  file("plain", 0o600);
  symlinkSync("loop", path("loop"));
  expect(await refusal(path("none"))).toBe('Cannot use "<folder>/none": there is no such file');
  expect(await refusal(path("plain/x"))).toBe(
    'Cannot use "<folder>/plain/x": a part of the path is no folder',
  );
  expect(await refusal(path("loop"))).toBe('Cannot use "<folder>/loop": too many symbolic links');
  expect(await refusal(path("a\nb"))).toBe('Cannot use "<folder>/a\\x0ab": there is no such file');
  expect(await refusal("/a\0b")).toBe('Cannot use "/a\\x00b": the path has a NUL byte');
  expect(await refusal(`/${"a".repeat(300)}`)).toEndWith(": the path is too long");
});

test("readConfigFile() names the error when reading fails", async () => {
  expect(await refusal("/proc/self/mem")).toBe(
    'Cannot use "/proc/self/mem": it cannot be read: EIO',
  );
});

test("readConfigFile() leaves no descriptor open, whatever it says", async () => {
  const good = file("fd-good", 0o600);
  const bad = file("fd-bad", 0o644);
  const open = (): string[] => {
    return openDescriptors().filter((target) =>
      [good, bad].includes(target) || target.endsWith("/mem")
    );
  };
  const before = open();
  for (let i = 0; i < 20; i++) {
    await readConfigFile(good);
    await refusal(bad);
    await refusal(path("absent"));
    await refusal("/proc/self/mem");
  }
  expect(open()).toEqual(before);
});
