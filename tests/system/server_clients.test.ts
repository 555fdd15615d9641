import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { ask, RawClient, SHOW_V1, STATUS_V2 } from "./raw_client.ts";
import { ServerProcess, slideConfig } from "./server_process.ts";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

const EMPTY = "no project exists\n\n[ok]";
const MALFORMED = /^error: invalid parameters: [^\n]+\[failed\]$/;

describe("v1 requests", () => {
  test("show is answered byte for byte, with whatever follows the last value", async () => {
    for (const end of ["", "\0", "\n", " ", "\r\n\0"]) {
      expect(await ask(server.name, SHOW_V1 + end)).toBe(EMPTY);
    }
  });

  test("the original client's requests add, show, and delete", async () => {
    const path = server.file("v1.conf", slideConfig("v1", "one", "two"));
    const request = (cmd: number, project = "-", file = "-"): string =>
      `proj_name ${project} file_name ${file} cmd ${cmd} eng_name - eng_cmd - task_name -`;
    expect(await ask(server.name, request(0, "-", path))).toBe("[ok]");
    expect(await ask(server.name, request(0, "-", path))).toBe(
      'error: project has been existed: "v1"[failed]',
    );
    expect(await ask(server.name, request(4, "v1"))).toBe(
      [
        "project: v1\n",
        "number   type     value            name             engine           started \n",
        "1        name     no-such-process  two              slide            false   \n",
        "2        name     no-such-process  one              slide            false   \n[ok]",
      ].join(""),
    );
    expect(await ask(server.name, request(3, "v1"))).toBe(
      'error: project has been stopped: "v1"[failed]',
    );
    expect(await ask(server.name, request(2, "none"))).toBe(
      'error: project is not exist: "none"[failed]',
    );
    expect(await ask(server.name, request(1, "-", path))).toBe("[ok]");
    expect(await ask(server.name, request(4, "v1"))).toBe(
      'error: project is not exist: "v1"[failed]',
    );
    expect(await ask(server.name, request(1, "-", path))).toBe(
      'error: project is not exist: "v1"[failed]',
    );
    expect(await ask(server.name, request(4))).toBe(EMPTY);
  });

  test("a refused file is named with its line, and changes nothing", async () => {
    const path = server.file("bad.conf", slideConfig("bad", "a").replace("T=1", "T=9"));
    const answer = await ask(
      server.name,
      `proj_name - file_name ${path} cmd 0 eng_name - eng_cmd - task_name -`,
    );
    expect(answer).toStartWith(
      `error: invalid parameters: Cannot use "${path}": line 17: [task] T=9`,
    );
    expect(await ask(server.name, SHOW_V1)).toBe(EMPTY);
  });

  test("what is malformed or too long is refused at once", async () => {
    for (
      const bad of [
        "x".repeat(600),
        `${SHOW_V1}${" ".repeat(600)}`,
        "\x00\x01\x02\xfe\xff",
        "\xff",
        "proj_name -",
        "\n",
        SHOW_V1.replace("cmd 4", "cmd 9"),
        SHOW_V1.replace("cmd 4", "cmd four"),
      ]
    ) expect(await ask(server.name, bad)).toMatch(MALFORMED);
  });

  test("512 bytes are a request, 513 are not", async () => {
    expect(await ask(server.name, SHOW_V1.padEnd(512))).toBe(EMPTY);
    expect(await ask(server.name, SHOW_V1.padEnd(513))).toMatch(MALFORMED);
  });

  test("a client that shuts down its sending side is answered", async () => {
    using client = await RawClient.connect(server.name);
    expect(await client.send(SHOW_V1).shutDown().answer()).toBe(EMPTY);
    using silent = await RawClient.connect(server.name);
    expect(await silent.shutDown().answer()).toBe("");
  });
});

describe("v2 requests", () => {
  test("a line in pieces is answered in lines", async () => {
    using client = await RawClient.connect(server.name);
    const line = '{"version":2,"command":"project_show","unknown":1}\n';
    client.send(line.slice(0, 20));
    // It comes later, so the piece has been read by then.
    expect(await ask(server.name, SHOW_V1)).toBe(EMPTY);
    client.send(line.slice(20));
    const lines = (await client.answer()).trim().split("\n").map((l): unknown => JSON.parse(l));
    expect(lines).toEqual([
      { version: 2, type: "text", text: "no project exists\n\n" },
      { version: 2, type: "result", ok: true },
    ]);
  });

  test("status comes as a document, and an unknown command as a clear error", async () => {
    const answer = await ask(server.name, STATUS_V2);
    const lines = answer.trim().split("\n").map((line) => JSON.parse(line) as { text?: string });
    expect(JSON.parse(lines.map(({ text }) => text ?? "").join(""))).toMatchObject({
      version: 1,
      server: { pid: server.pid, socket: server.name },
      projects: [],
    });
    expect(await ask(server.name, '{"version":2,"command":"dance"}\n')).toContain(
      'error: invalid parameters: command \\"dance\\" is not known',
    );
  });

  test("a path with a blank works with our client", async () => {
    const path = server.file("with blank.conf", slideConfig("blank", "a"));
    expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0, stderr: "" });
    expect(await server.etmem("obj", "del", "-f", path)).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("clients that do harm", () => {
  test("one that is not root gets the failure byte and no more", async () => {
    const script = join(import.meta.dir, "unprivileged_client.ts");
    for (const [uid, gid] of [[65534, 65534], [65534, 0], [0, 65534]]) {
      const { stdout } = Bun.spawnSync([process.execPath, script, server.name, `${uid}`, `${gid}`]);
      expect(stdout.toString()).toBe("[failed]");
    }
    const { stdout } = Bun.spawnSync([process.execPath, script, server.name, "0", "0"]);
    expect(stdout.toString()).toBe(EMPTY);
  });

  test("10 000 connects in a row leave no descriptor behind", async () => {
    const before = descriptors(server.pid);
    for (let i = 0; i < 10_000; i++) {
      using client = await RawClient.connect(server.name);
      if (i % 2 === 0) client.send(i % 4 === 0 ? SHOW_V1 : "nonsense");
      // It comes later: a server that falls behind on a busy machine is
      // not left 512 clients to serve.
      if (i % 100 === 99) expect(await ask(server.name, SHOW_V1)).toBe(EMPTY);
    }
    await waitFor("the descriptors to be closed", () => descriptors(server.pid) <= before);
    expect(await ask(server.name, SHOW_V1)).toBe(EMPTY);
  });

  test("200 clients at once are all answered", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(server.name, SHOW_V1)));
    expect(new Set(answers)).toEqual(new Set([EMPTY]));
  });
});

// The limits of a client, 8 s and 10 s, pass at the same time.
describe("clients that wait until they are closed", () => {
  test.concurrent("those that hang do not delay others, and are closed", async () => {
    const before = descriptors(server.pid);
    const silent = await RawClient.connect(server.name);
    const half = (await RawClient.connect(server.name)).send('{"version":2');
    const unread = (await RawClient.connect(server.name, false)).send(SHOW_V1);
    for (let i = 0; i < 20; i++) expect(await ask(server.name, SHOW_V1)).toBe(EMPTY);
    expect(silent.isClosed).toBe(false);
    expect(await silent.answer()).toBe("");
    expect(await half.answer()).toBe("");
    unread[Symbol.dispose]();
    await waitFor("the descriptors to be closed", () => descriptors(server.pid) <= before);
  });

  test.concurrent("a client that half closes and waits costs no CPU time", async () => {
    await using held = await ServerProcess.start({ held: ["start a"] });
    const path = held.file("a.conf", slideConfig("held", "a"));
    expect((await held.etmem("obj", "add", "-f", path)).status).toBe(0);
    using client = await RawClient.connect(held.name);
    client.send("proj_name held file_name - cmd 2 eng_name - eng_cmd - task_name -").shutDown();
    const cpuMs = (): number => {
      const fields = readFileSync(`/proc/${held.pid}/stat`, "latin1").split(" ");
      return (Number(fields[13]) + Number(fields[14])) * 10;
    };
    const before = cpuMs();
    const answer = await client.answer();
    expect(answer).toBe(
      "error: etmemd has internal error: not done after 8 s, abandoned[failed]",
    );
    expect(cpuMs() - before).toBeLessThan(2000);
  });

  test.concurrent("reads and other projects go on, what is not done in time is abandoned", async () => {
    await using held = await ServerProcess.start({ held: ["start a"] });
    for (const [project, task] of [["slow", "a"], ["quick", "b"]] as const) {
      const path = held.file(`${project}.conf`, slideConfig(project, task));
      expect((await held.etmem("obj", "add", "-f", path)).status).toBe(0);
    }
    const [v1, v2] = await Promise.all([
      RawClient.connect(held.name),
      RawClient.connect(held.name),
    ]);
    v1.send("proj_name slow file_name - cmd 2 eng_name - eng_cmd - task_name -");
    v2.send('{"version":2,"command":"project_stop","project":"slow"}\n');
    expect((await held.etmem("project", "start", "-n", "quick")).status).toBe(0);
    expect((await held.etmem("project", "show")).stdout).toContain("slow");
    await waitFor("signs of life", () => v2.text.split("progress").length > 2);
    expect(await v1.answer()).toBe(
      "error: etmemd has internal error: not done after 8 s, abandoned[failed]",
    );
    expect(v2.isClosed).toBe(false);
    v2[Symbol.dispose]();
    held.kill("SIGTERM");
    expect(await held.exited).toBe(0);
  });
});
