import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SPEC = readFileSync(join(import.meta.dir, "../../../packaging/etmem.spec"), "utf8");

const FORMS = [["--socket=my name"], ["--socket", "my name"], ["-s", "my name"], ["-smy name"]];

for (const form of FORMS) {
  test(`%posttrans reads the name of ${form.join("|")} without a word, where sh is bash`, async () => {
    const reading = SPEC.split("\n").find((line) => line.startsWith("socket=")) ?? "";
    const server = Bun.spawn(["sh", "-c", "read -r _", "etmemd", "-m", ...form, "-l", "0"], {
      stdin: "pipe",
    });
    const script = `pid=$1\n${reading}\nprintf %s "$socket"`;
    const shell = Bun.spawn(["bash", "-c", script, "sh", `${server.pid}`], { stderr: "pipe" });
    const said = await Promise.all([shell.stdout.text(), shell.stderr.text()]);
    void server.stdin.end();
    await server.exited;
    expect(said).toEqual(["my name", ""]);
  });
}
