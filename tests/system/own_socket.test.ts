import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { isAlive } from "../tools/fixtures/is_alive.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnSocket } from "./own_socket.ts";
import { ServerProcess } from "./server_process.ts";

/** Waits until it is killed, with a socket's name on its command line as etmemd has it. */
function standIn(name: string): Bun.Subprocess {
  return Bun.spawn(["sh", "-c", "trap '' TERM; read line", "etmemd", "-s", name], {
    stdio: ["pipe", "ignore", "ignore"],
  });
}

test("OwnSocket ends what has its name when a test fails, and nobody else", async () => {
  await using other = new OwnSocket();
  const bystander = standIn(other.name);
  // As processes, for one that nobody holds loses its standard input, at whose end it ends.
  const left: Bun.Subprocess[] = [];
  const failing = async (): Promise<void> => {
    await using socket = new OwnSocket();
    left.push(standIn(socket.name), standIn(socket.name));
    await waitFor("both to be there", () => socket.processes().length === 2);
    expect(() => socket.serverPid).toThrow("not one server");
    throw new Error("an assertion");
  };
  expect(await failing().catch(String)).toBe("Error: an assertion");
  expect(left.filter(({ pid }) => isAlive(pid))).toEqual([]);
  expect(other.serverPid).toBe(bystander.pid);
});

test("ServerProcess.start() leaves nothing when the server does not listen", async () => {
  using folder = new ScratchFolder();
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder.path;
  try {
    const args = ["--no-such-option"];
    expect(await ServerProcess.start({ args }).then(() => "it started", String)).toBe(
      "Error: the server ended before it listened",
    );
    expect(readdirSync(folder.path)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});
