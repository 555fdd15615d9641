import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SPEC = readFileSync(join(import.meta.dir, "../../../packaging/etmem.spec"), "utf8");

test("%posttrans reads the name of the socket without a word, where sh is bash", async () => {
  const reading = SPEC.split("\n").find((line) => line.startsWith("socket=")) ?? "";
  const server = Bun.spawn(["sh", "-c", "read -r _", "etmemd", "--socket=my name", "-x"], {
    stdin: "pipe",
  });
  const shell = Bun.spawn([
    "bash",
    "-c",
    `pid=$1\n${reading}\nprintf %s "$socket"`,
    "sh",
    `${server.pid}`,
  ], {
    stderr: "pipe",
  });
  const said = await Promise.all([shell.stdout.text(), shell.stderr.text()]);
  void server.stdin.end();
  await server.exited;
  expect(said).toEqual(["my name", ""]);
});
