import { describe, expect, test } from "bun:test";
import { versionLine } from "../../../src/options/version.ts";
import { AnswerEncoderV2 } from "../../../src/rpc/answer_v2.ts";
import { FIRST_WORDS, Refusal, type RefusalKind } from "../../../src/rpc/refusal.ts";
import { formatRequestV2 } from "../../../src/rpc/request_v2.ts";
import { ClientRun, runToEnd, until } from "./client_run.ts";
import { answering, type FakeClient, FakeServer } from "./fake_server.ts";
import { UNIQUE } from "../../tools/fixtures/unique.ts";

const OK = Uint8Array.of(0xff);
const FAILED = Uint8Array.of(0xfe);

const show = (name: string): string[] => ["project", "show", "-s", name];

describe("runClient() as the exporter", () => {
  test("says what to do when another process listens there", async () => {
    using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const address = `127.0.0.1:${other.port}`;
    expect(await runToEnd(["exporter", "-s", "x", "--listen", address])).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmem: Cannot listen on ${address}: another process listens there: ` +
        "choose another address with --listen\n",
    });
  });

  test("says what to do when no interface has the address", async () => {
    const address = "192.0.2.1:9819";
    expect(await runToEnd(["exporter", "-s", "x", "--listen", address])).toEqual({
      status: 1,
      stdout: "",
      stderr: `etmem: Cannot listen on ${address}: this machine does not have the address: ` +
        "choose another one with --listen\n",
    });
  });
});

describe("runClient() over v1", () => {
  test("sends the bytes of the original client and prints the text of a success", async () => {
    using server = answering("project: test\n", "number   type\n", OK);
    expect(await runToEnd(["project", "show", "-n", "test", "-s", server.name])).toEqual({
      status: 0,
      stdout: "project: test\nnumber   type\n",
      stderr: "",
    });
    expect(server.received).toBe(
      "proj_name test file_name - cmd 4 eng_name - eng_cmd - task_name -",
    );
  });

  test("says nothing about a success without text", async () => {
    using server = answering(OK);
    expect(await runToEnd(["project", "start", "-n", "t", "-s", server.name])).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  for (const kind of Object.keys(FIRST_WORDS) as RefusalKind[]) {
    test(`prints the line of a refusal (${kind}) to standard error alone`, async () => {
      const line = `${FIRST_WORDS[kind]}: detail of it`;
      using server = answering(line, FAILED);
      expect(await runToEnd(show(server.name))).toEqual({
        status: 1,
        stdout: "",
        stderr: `${line}\n`,
      });
    });
  }

  test("prints no control character of a refusal, whoever has taken the server's name", async () => {
    using server = answering("error: \x1b[2J\x07\x9b1m no\r", FAILED);
    expect(await runToEnd(show(server.name))).toMatchObject({
      status: 1,
      stderr: "error:  [2J 1m no\n",
    });
  });

  test("takes a refusal that arrives byte by byte, with a newline of its own", async () => {
    using server = new FakeServer({
      asked: async (client) => {
        for (const byte of new TextEncoder().encode("error: project is not exist\n")) {
          client.send(Uint8Array.of(byte));
          await Bun.sleep(0);
        }
        client.send(FAILED);
        client.close();
      },
    });
    expect(await runToEnd(show(server.name))).toEqual({
      status: 1,
      stdout: "",
      stderr: "error: project is not exist\n",
    });
  });

  test("parts the text before a refusal from the refusal", async () => {
    using server = answering("half a table\n", "error: etmemd has internal error", FAILED);
    expect(await runToEnd(show(server.name))).toEqual({
      status: 1,
      stdout: "half a table\n",
      stderr: "error: etmemd has internal error\n",
    });
  });

  test("prints a last line that looks like a refusal and is none", async () => {
    using server = answering("error: is the name of a table\n", OK);
    expect(await runToEnd(show(server.name))).toEqual({
      status: 0,
      stdout: "error: is the name of a table\n",
      stderr: "",
    });
  });

  test("prints text while the server is still at it", async () => {
    const clients: FakeClient[] = [];
    using server = new FakeServer({ asked: (client) => void clients.push(client) });
    using client = new ClientRun();
    const status = client.run(show(server.name));
    await until(() => clients.length > 0);
    for (const [piece, printed] of [["a", "a"], ["b\n", "ab\n"], ["error", "ab\n"]] as const) {
      clients[0]?.send(piece);
      await until(() => client.stdout === printed);
    }
    clients[0]?.send("s: none\nlast line");
    await until(() => client.stdout === "ab\nerrors: none\nlast line");
    clients[0]?.send(OK);
    expect(await status).toBe(0);
  });

  test("ends at the last byte, whether or not the server closes", async () => {
    using server = new FakeServer({ asked: (client) => client.send(OK) });
    expect((await runToEnd(show(server.name))).status).toBe(0);
  });

  test("prints an answer of megabytes whole", async () => {
    const text = `${"x".repeat(99)}\n`.repeat(30_000);
    using server = answering(text, OK);
    const run = await runToEnd(show(server.name));
    expect(run.status).toBe(0);
    expect(run.stdout === text).toBe(true);
  });

  test("prints the answer of a server that did not wait for the request", async () => {
    using server = new FakeServer({
      connected: (client) => {
        client.send("error: invalid parameters");
        client.send(FAILED);
        client.close();
      },
    });
    expect(await runToEnd(show(server.name))).toEqual({
      status: 1,
      stdout: "",
      stderr: "error: invalid parameters\n",
    });
  });

  test("says who is served when it is refused without a word", async () => {
    using server = answering(FAILED);
    const { status, stderr } = await runToEnd(show(server.name));
    expect(status).toBe(1);
    expect(stderr).toBe(
      `etmem: Cannot use the server "${server.name}": ` +
        "it refused without giving a reason, as it does to anyone but root\n",
    );
  });
});

describe("runClient() without an answer", () => {
  const noAnswer = (name: string, state: string) => ({
    status: 3,
    stdout: "",
    stderr: `etmem: Cannot read the answer of the server "${name}": ${state}\n`,
  });

  test("exits 3 when no server has the name", async () => {
    const name = `etmem-test-${UNIQUE}-nobody`;
    expect(await runToEnd(show(name))).toEqual({
      status: 3,
      stdout: "",
      stderr: `etmem: Cannot reach the server "${name}": no etmemd listens on that name\n`,
    });
  });

  test("exits 3 when the server closes without a byte", async () => {
    using server = new FakeServer({ connected: (client) => client.close() });
    expect(await runToEnd(show(server.name))).toEqual(
      noAnswer(server.name, "it closed the connection without an answer"),
    );
  });

  test("exits 3 when the server closes in the middle, with what came before on lines of its own", async () => {
    using server = answering("project: test\nerror: half a li");
    expect(await runToEnd(show(server.name))).toEqual({
      ...noAnswer(server.name, "it closed the connection before the end of its answer"),
      stdout: "project: test\nerror: half a li\n",
    });
  });

  test("gives up when no byte comes", async () => {
    using server = new FakeServer({});
    expect(await runToEnd(show(server.name), 50)).toEqual(
      noAnswer(server.name, "not a byte came for 0.05 s"),
    );
  });

  test("gives up when no further byte comes", async () => {
    using server = new FakeServer({ asked: (client) => client.send("a\n") });
    // Long enough for the first one to come on a busy machine.
    expect(await runToEnd(show(server.name), 1000)).toEqual({
      ...noAnswer(server.name, "not a byte came for 1 s"),
      stdout: "a\n",
    });
  });

  test("waits as long as bytes come", async () => {
    const giveUpMs = 400;
    using server = new FakeServer({
      asked: async (client) => {
        for (let part = 0; part < 6; part++) {
          await Bun.sleep(giveUpMs / 4);
          client.send(".");
        }
        client.send(OK);
      },
    });
    expect(await runToEnd(show(server.name), giveUpMs)).toMatchObject({
      status: 0,
      stdout: "......",
    });
  });
});

describe("runClient() over v2", () => {
  const status = (name: string, ...more: string[]): string[] => ["status", "-s", name, ...more];

  test("sends a path with blanks as it is", async () => {
    using server = answering(new AnswerEncoderV2().success());
    expect(await runToEnd(["obj", "add", "-f", "/a b/c.conf", "-s", server.name])).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(server.received).toBe(
      new TextDecoder().decode(formatRequestV2({ command: "obj_add", file: "/a b/c.conf" })),
    );
  });

  test("sends a path that is too long for v1", async () => {
    using server = answering(new AnswerEncoderV2().success());
    const file = `/${"x".repeat(600)}`;
    expect((await runToEnd(["obj", "del", "-f", file, "-s", server.name])).status).toBe(0);
    expect(server.received).toContain(`"file":"${file}"`);
  });

  test("prints text, and a refusal to standard error", async () => {
    const encoder = new AnswerEncoderV2();
    using server = answering(
      encoder.text("half a table\n"),
      encoder.failure(new Refusal("noEngine", '"x"')),
    );
    const args = ["engine", "c d", "-n", "p", "-e", "x", "-s", server.name];
    expect(await runToEnd(args)).toEqual({
      status: 1,
      stdout: "half a table\n",
      stderr: 'error: engine is not exist: "x"\n',
    });
  });

  test("prints the document of --json as it is, however it is cut", async () => {
    const document = { version: 1, all: "ü".repeat(40_000) };
    const encoder = new AnswerEncoderV2();
    const wire = Buffer.concat([encoder.document(JSON.stringify(document)), encoder.success()]);
    using server = new FakeServer({
      asked: async (client) => {
        for (let at = 0; at < wire.length; at += 5000) {
          client.send(wire.subarray(at, at + 5000));
          await Bun.sleep(0);
        }
        client.close();
      },
    });
    const run = await runToEnd(status(server.name, "--json"));
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toBe(`${JSON.stringify(document)}\n`);
    expect(server.received).toBe('{"version":2,"command":"status"}\n');
  });

  test("judges by the document of --restart-safe, and only by one", async () => {
    const judged = async (
      ...projects: { name: string; started: boolean; persistent: boolean }[]
    ) => {
      const encoder = new AnswerEncoderV2();
      using server = answering(
        encoder.document(JSON.stringify({ version: 1, projects })),
        encoder.success(),
      );
      return await runToEnd(status(server.name, "--restart-safe"));
    };
    const kept = { name: "kept", started: true, persistent: true };
    expect(await judged(kept)).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await judged(kept, { name: "passing", started: true, persistent: false })).toEqual({
      status: 1,
      stdout: "",
      stderr: 'etmem: Cannot restart the server without losing "passing": ' +
        "it is started and not persistent\n",
    });
    using silent = answering(new AnswerEncoderV2().success());
    expect((await runToEnd(status(silent.name, "--restart-safe"))).status).toBe(3);
    expect((await runToEnd(status(silent.name, "--restart-safe", "--json"))).status).toBe(2);
    expect((await runToEnd(status(silent.name, "--restart-safe", "-n", "kept"))).status).toBe(2);
  });

  test("passes over progress and messages that it does not know, and waits while they come", async () => {
    const giveUpMs = 400;
    using server = new FakeServer({
      asked: async (client) => {
        const encoder = new AnswerEncoderV2();
        for (let part = 1; part <= 6; part++) {
          await Bun.sleep(giveUpMs / 4);
          client.send(encoder.progress(part * 2000));
        }
        client.send('{"version":2,"type":"colour","colour":"red"}\n');
        client.send(encoder.document(JSON.stringify({ a: 1 })));
        client.send(encoder.success());
        client.close();
      },
    });
    expect(await runToEnd(status(server.name, "--json"), giveUpMs)).toEqual({
      status: 0,
      stdout: '{"a":1}\n',
      stderr: "",
    });
  });

  test("says that a server which closes without a byte does not speak v2", async () => {
    using server = new FakeServer({ asked: (client) => client.close() });
    expect(await runToEnd(status(server.name))).toEqual({
      status: 3,
      stdout: "",
      stderr:
        `etmem: Cannot read the answer of the server "${server.name}": it does not speak v2 ` +
        "of the protocol, which this request needs (it closed without a byte)\n",
    });
  });

  test("understands a server that refuses with the bytes of v1", async () => {
    using words = answering("error: invalid parameters", FAILED);
    expect(await runToEnd(status(words.name))).toEqual({
      status: 1,
      stdout: "",
      stderr: "error: invalid parameters\n",
    });
    using byte = answering(FAILED);
    expect((await runToEnd(status(byte.name))).status).toBe(1);
  });

  const broken: readonly (readonly [string, string, string])[] = [
    [
      "a line that is not JSON",
      "{nonsense\n",
      "it sent a line that is no v2 message (",
    ],
    [
      "a line of another version",
      '{"version":9,"type":"result","ok":true}\n',
      "it sent a line that is no v2 message (version is not 2)",
    ],
    [
      "a line of more than 64 KiB",
      `{"version":2,"type":"text","text":"${"x".repeat(70_000)}"}\n`,
      "it sent a line that is no v2 message (the line is longer than 65536 bytes)",
    ],
    [
      "no result",
      '{"version":2,"type":"progress","elapsed_ms":1}\n',
      "it closed the connection before the end of its answer",
    ],
    [
      "half a line",
      '{"version":2,"type":"result",',
      "it closed the connection before the end of its answer",
    ],
    [
      "a status document of another version",
      '{"version":2,"type":"document","text":"{\\"version\\":7}"}\n' +
      '{"version":2,"type":"result","ok":true}\n',
      "it sent a document that is of version 7 where 1 is known, " +
      "--json prints it as it is",
    ],
    [
      "a status document that is not JSON",
      '{"version":2,"type":"document","text":"{"}\n{"version":2,"type":"result","ok":true}\n',
      "it sent a document that is not JSON",
    ],
  ];
  for (const [what, answer, state] of broken) {
    test(`exits 3 for ${what}`, async () => {
      using server = answering(answer);
      const run = await runToEnd(status(server.name));
      expect(run.status).toBe(3);
      expect(run.stderr).toStartWith(
        `etmem: Cannot read the answer of the server "${server.name}": ${state}`,
      );
      expect(run.stderr.split("\n")).toHaveLength(2);
    });
  }
});

describe("runClient() without a server", () => {
  test("prints help and exits 0", async () => {
    const run = await runToEnd(["obj", "help"]);
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toStartWith("etmem obj: ");
  });

  test("prints the version and exits 0", async () => {
    const run = await runToEnd(["--version"]);
    expect(run).toEqual({ status: 0, stdout: versionLine("etmem"), stderr: "" });
  });

  test("exits 2 with one line for wrong usage", async () => {
    expect(await runToEnd(["obj", "add", "-s", "x"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'etmem: Cannot run "etmem obj add": -f, --file FILE is missing\n',
    });
  });
});
