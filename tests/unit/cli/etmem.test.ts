import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { answering, FakeServer } from "./fake_server.ts";
import { UNIQUE } from "../../tools/fixtures/unique.ts";

const MAIN = join(import.meta.dir, "../../../main.ts");

/** Runs `etmem` as a process of its own. */
async function etmem(
  args: readonly string[],
  cwd?: string,
): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { status, stdout, stderr };
}

describe("etmem", () => {
  test("exits 0 with the answer on standard output when the server did it", async () => {
    using server = answering("no project exists\n\n", Uint8Array.of(0xff));
    expect(await etmem(["project", "show", "-s", server.name])).toEqual({
      status: 0,
      stdout: "no project exists\n\n",
      stderr: "",
    });
  });

  test("exits 1 with the line on standard error when the server refused", async () => {
    using server = answering("error: project is not exist: x", Uint8Array.of(0xfe));
    expect(await etmem(["project", "show", "-n", "x", "-s", server.name])).toEqual({
      status: 1,
      stdout: "",
      stderr: "error: project is not exist: x\n",
    });
  });

  test("exits 2 with one line for wrong usage", async () => {
    expect(await etmem(["project", "show"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'etmem: Cannot run "etmem project show": -s, --socket NAME is missing\n',
    });
  });

  test("exits 3 when there is no server", async () => {
    const name = `etmem-test-${UNIQUE}-none`;
    expect(await etmem(["status", "-s", name])).toEqual({
      status: 3,
      stdout: "",
      stderr: `etmem: Cannot reach the server "${name}": no etmemd listens on that name\n`,
    });
  });

  test("exits 0 with the help text", async () => {
    const { status, stdout, stderr } = await etmem(["--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toStartWith("etmem: ");
  });

  test("resolves FILE against the folder it runs in", async () => {
    using server = answering(Uint8Array.of(0xff));
    expect((await etmem(["obj", "add", "-f", "a.conf", "-s", server.name], "/usr")).status).toBe(0);
    expect((await etmem(["obj", "add", "-f", "a.conf", "-s", server.name], "/")).status).toBe(0);
    expect(server.received.match(/file_name \S+/g)).toEqual([
      "file_name /usr/a.conf",
      "file_name /a.conf",
    ]);
  });

  test("is quiet when the reader of its output goes away", async () => {
    let sent = 0;
    using server = new FakeServer({
      asked: async (client) => {
        for (; sent < 400; sent++) {
          client.send(`${"x".repeat(999)}\n`);
          await Bun.sleep(0);
        }
        client.send(Uint8Array.of(0xff));
        client.close();
      },
    });
    const script = '"$0" "$1" project show -s "$2" | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}"';
    const child = Bun.spawn(["bash", "-c", script, process.execPath, MAIN, server.name], {
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await child.stdout.text()).toBe("0\n");
    expect(await child.stderr.text()).toBe("");
    expect(sent).toBe(400);
  });
});
