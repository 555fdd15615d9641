import { beforeEach, describe, expect, test } from "bun:test";
import { nextTurn } from "../../../src/async/turns.ts";
import type { Writable } from "../../../src/daemon/outbox.ts";
import { Connection, type ConnectionLimits } from "../../../src/daemon/connection.ts";
import type { Answer, RequestHandler } from "../../../src/daemon/timely_answer.ts";
import { configureLog } from "../../../src/log/logger.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";
import type { Request } from "../../../src/rpc/request.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { RecordingSocket } from "./recording_socket.ts";

const LIMITS: ConnectionLimits = {
  requestMs: 60_000,
  silenceMs: 60_000,
  totalMs: 60_000,
  progressMs: 60_000,
  maxQueuedBytes: 1 << 20,
  stuckMs: 60_000,
};
/** Byte for byte what the original client sends for `etmem project show`. */
const SHOW = "proj_name - file_name - cmd 4 eng_name - eng_cmd - task_name -";

let socket: RecordingSocket;
let requests: Request[];

beforeEach(() => {
  socket = new RecordingSocket();
  requests = [];
  configureLog("error", []);
});

function connect(
  work: (answer: Answer) => Promise<void> | void,
  limits: Partial<ConnectionLimits> = {},
): Connection {
  const handler: RequestHandler = async (request, answer) => {
    requests.push(request);
    await work(answer);
  };
  return new Connection(socket, handler, { ...LIMITS, ...limits });
}

function send(connection: Connection, text: string): void {
  connection.data(Buffer.from(text, "latin1"));
}

async function untilClosed(): Promise<void> {
  await waitFor("the connection to be closed", () => socket.isClosed, { firstPauseMs: 1 });
}

describe("v1", () => {
  test("data() answers with text and the last byte, and closes", async () => {
    const connection = connect((answer) => {
      answer.text("one\n");
      answer.text("two\n");
    });
    send(connection, SHOW);
    await untilClosed();
    expect(socket.sent).toBe("one\ntwo\n[ok]");
    expect(requests).toEqual([{ command: "project_show" }]);
  });

  test("data() answers what is malformed or longer at once", () => {
    for (const bad of [`${SHOW} ${"x".repeat(600)}`, "\x00\x01\xff\xfe", "half of", "\n"]) {
      socket = new RecordingSocket();
      send(connect(() => undefined), bad);
      expect(socket.sent).toStartWith("error: invalid parameters");
      expect(socket.sent).toEndWith("[failed]");
      expect(socket.isClosed).toBe(true);
    }
    expect(requests).toEqual([]);
  });

  test("data() takes one request, ignores what follows, and drops who does not end", async () => {
    const gate = Promise.withResolvers<void>();
    const connection = connect(() => gate.promise);
    send(connection, SHOW);
    send(connection, "more");
    expect(socket.isClosed).toBe(false);
    for (let i = 0; i < 65; i++) send(connection, "x".repeat(1024));
    expect(socket.isClosed).toBe(true);
    gate.resolve();
    await Bun.sleep(0);
    expect(requests).toHaveLength(1);
  });

  test("end() closes when nothing was sent, and lets an answer come that is asked for", async () => {
    const silent = connect(() => undefined);
    silent.end();
    expect(socket.isClosed).toBe(true);
    socket = new RecordingSocket();
    const gate = Promise.withResolvers<void>();
    const asking = connect(() => gate.promise);
    send(asking, SHOW);
    asking.end();
    expect(socket.isClosed).toBe(false);
    gate.resolve();
    await untilClosed();
    expect(socket.sent).toBe("[ok]");
  });
});

describe("v2", () => {
  const STATUS = '{"version":2,"command":"status"}\n';

  test("data() takes a line in pieces and answers in lines", async () => {
    const connection = connect((answer) => answer.document(['{"a":', "1}"]));
    for (const letter of STATUS) send(connection, letter);
    await untilClosed();
    expect(socket.messages).toEqual([
      { version: 2, type: "document", text: '{"a":1}' },
      { version: 2, type: "result", ok: true },
    ]);
    expect(requests).toEqual([{ command: "status" }]);
  });

  test("data() makes a long document as the client takes it, and all of it", async () => {
    let made = 0;
    function* pieces(): Generator<string> {
      for (; made < 1000; made++) yield "x".repeat(1000);
    }
    const peer = { room: 0, taken: 0, isClosed: false };
    const slow: Writable = {
      write(bytes) {
        const count = Math.min(bytes.length, peer.room);
        peer.room -= count;
        peer.taken += count;
        return count;
      },
      terminate() {
        peer.isClosed = true;
      },
    };
    const handler: RequestHandler = (_request, answer) => answer.document(pieces());
    const connection = new Connection(slow, handler, { ...LIMITS, maxQueuedBytes: 100_000 });
    send(connection, STATUS);
    let most = 0;
    for (let turns = 0; !peer.isClosed; turns++) {
      expect(turns).toBeLessThan(1000);
      most = Math.max(most, made * 1000 - peer.taken);
      peer.room = 10_000;
      connection.drain();
      await nextTurn();
    }
    expect(made).toBe(1000);
    expect(peer.taken).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThan(50_000);
  });

  test("data() makes no more of a document when its client has gone", async () => {
    let made = 0;
    function* pieces(): Generator<string> {
      for (; made < 1000; made++) yield "x".repeat(1000);
    }
    let isOver = false;
    const handler: RequestHandler = async (_request, answer) => {
      await answer.document(pieces());
      isOver = true;
    };
    const stuck: Writable = { write: () => 0, terminate: () => undefined };
    const connection = new Connection(stuck, handler, LIMITS);
    send(connection, STATUS);
    connection.closed();
    await waitFor("the end of the work", () => isOver, { firstPauseMs: 1 });
    expect(made).toBeLessThan(100);
  });

  test("data() refuses a line that is too long, not JSON, or an unknown command", () => {
    for (
      const [bad, reason] of [
        [`{"x":"${"x".repeat(70_000)}`, "the line is longer than 65536 bytes"],
        ["{nonsense\n", "the request is not a line of JSON in UTF-8"],
        ['{"version":2,"command":"dance"}\n', 'command "dance" is not known'],
      ] as const
    ) {
      socket = new RecordingSocket();
      send(connect(() => undefined), bad);
      expect(socket.messages).toEqual([
        { version: 2, type: "result", ok: false, kind: "invalid", message: expect.any(String) },
      ]);
      expect(socket.sent).toContain(JSON.stringify(reason).slice(1, -1));
      expect(socket.isClosed).toBe(true);
    }
    expect(requests).toEqual([]);
  });

  test("end() refuses half a line", () => {
    const connection = connect(() => undefined);
    send(connection, STATUS.slice(0, 10));
    connection.end();
    expect(socket.messages).toMatchObject([{ ok: false, kind: "invalid" }]);
  });
});

describe("limits", () => {
  test("a client that sends nothing, or half a line, is closed in time", async () => {
    connect(() => undefined, { requestMs: 20 });
    await untilClosed();
    expect(socket.sent).toBe("");
    socket = new RecordingSocket();
    send(connect(() => undefined, { requestMs: 20 }), '{"version"');
    await untilClosed();
    expect(socket.sent).toBe("");
  });

  test("the time for a request does not run on during the answer", async () => {
    const connection = connect(() => Bun.sleep(60), { requestMs: 10 });
    send(connection, SHOW);
    await untilClosed();
    expect(socket.sent).toBe("[ok]");
  });

  test("v1 work that yields no byte in time is abandoned, and the answer says so", async () => {
    const fired = Promise.withResolvers<unknown>();
    const connection = connect((answer) => {
      answer.deadline.addEventListener("abort", () => fired.resolve(answer.deadline.reason));
      return new Promise(() => undefined);
    }, { silenceMs: 30, progressMs: 5 });
    send(connection, SHOW);
    await untilClosed();
    expect(socket.sent).toBe(
      "error: etmemd has internal error: not done after 0.03 s, abandoned[failed]",
    );
    expect(await fired.promise).toBeInstanceOf(Refusal);
  });

  test("v1 work that goes on writing is not abandoned for its silence", async () => {
    const connection = connect(async (answer) => {
      for (let i = 0; i < 20; i++) {
        answer.text(".");
        await Bun.sleep(10);
      }
    }, { silenceMs: 150 });
    send(connection, SHOW);
    await untilClosed();
    expect(socket.sent).toBe(`${".".repeat(20)}[ok]`);
  });

  test("v2 work gets signs of life, and is abandoned in the end", async () => {
    const connection = connect(() => new Promise(() => undefined), {
      silenceMs: 100,
      progressMs: 20,
      totalMs: 1000,
    });
    send(connection, '{"version":2,"command":"project_start","project":"a"}\n');
    await untilClosed();
    const [first, ...others] = socket.messages.toReversed();
    expect(first).toEqual({
      version: 2,
      type: "result",
      ok: false,
      kind: "internal",
      message: "error: etmemd has internal error: not done after 1 s, abandoned",
    });
    expect(others.length).toBeGreaterThan(1);
    for (const message of others) expect(message).toMatchObject({ type: "progress" });
  });

  test("what work does after it was abandoned reaches nobody", async () => {
    const late = Promise.withResolvers<void>();
    const connection = connect(async (answer) => {
      await late.promise;
      answer.text("late");
      throw new Refusal("noProject");
    }, { silenceMs: 10 });
    send(connection, SHOW);
    await untilClosed();
    const { sent } = socket;
    late.resolve();
    await Bun.sleep(0);
    expect(socket.sent).toBe(sent);
  });

  test("closed() tells the work that nobody wants its answer, and leaves the deadline alone", () => {
    let seen: Answer | undefined;
    const connection = connect((answer) => {
      seen = answer;
      return new Promise(() => undefined);
    });
    send(connection, SHOW);
    connection.closed();
    expect(seen?.wanted.aborted).toBe(true);
    expect(seen?.deadline.aborted).toBe(false);
  });

  test("shutDown() answers what is being done and closes the silent", () => {
    const refusal = new Refusal("internal", "etmemd is stopping");
    const busy = connect(() => new Promise(() => undefined));
    send(busy, SHOW);
    busy.shutDown(refusal);
    expect(socket.sent).toBe("error: etmemd has internal error: etmemd is stopping[failed]");
    socket = new RecordingSocket();
    connect(() => undefined).shutDown(refusal);
    expect(socket.isClosed).toBe(true);
  });
});

test("an error that is no refusal is answered as an internal one, with its stack in the log", async () => {
  const lines: string[] = [];
  configureLog("error", [(_level, line) => lines.push(line)]);
  const connection = connect(() => Promise.reject(new TypeError("x is\nundefined")));
  send(connection, SHOW);
  await untilClosed();
  expect(socket.sent).toBe("error: etmemd has internal error: x is undefined[failed]");
  expect(lines).toEqual([expect.stringContaining("connection.test.ts")]);
});
