import { describe, expect, test } from "bun:test";
import { Connection, NoAnswer } from "../../../src/cli/connection.ts";
import { until } from "./client_run.ts";
import { type FakeClient, FakeServer } from "./fake_server.ts";
import { UNIQUE } from "../../tools/fixtures/unique.ts";

/** A server that listens and accepts nothing, with its queue of waiting clients full. */
class FullServer implements AsyncDisposable {
  readonly name = `etmem-test-${UNIQUE}-full`;
  readonly #waiting: Bun.Socket[] = [];
  readonly #process = Bun.spawn([
    process.execPath,
    Bun.fileURLToPath(import.meta.resolve("./full_server.ts")),
    this.name,
  ], {
    stdin: "pipe",
    stdout: "pipe",
  });

  async fill(): Promise<void> {
    const { value } = await this.#process.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("listening\n");
    for (;;) {
      try {
        this.#waiting.push(
          await Bun.connect({
            unix: `\0${this.name}`,
            socket: { data: () => {}, connectError: () => {} },
          }),
        );
      } catch {
        return;
      }
    }
  }

  /** Lets it accept everybody. */
  async resume(): Promise<void> {
    await this.#process.stdin.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting) socket.terminate();
    this.#process.kill();
    await this.#process.exited;
  }
}

/** What a promise is rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

describe("Connection", () => {
  test("open() waits for a server that has no room yet", async () => {
    await using server = new FullServer();
    await server.fill();
    const opening = Connection.open(server.name, 20_000);
    expect(await Promise.race([opening.then(() => "open"), Bun.sleep(60).then(() => "waiting")]))
      .toBe("waiting");
    await server.resume();
    const connection = await opening;
    connection.send(new TextEncoder().encode("x"));
    expect(await connection.receive()).toEqual(Buffer.from([0xff]));
    expect(await connection.receive()).toBeUndefined();
  });

  test("open() gives up on a server that has no room", async () => {
    await using server = new FullServer();
    await server.fill();
    expect(await failureOf(Connection.open(server.name, 80))).toEqual(
      new NoAnswer(`Cannot reach the server "${server.name}": it took no connection for 0.08 s`),
    );
  });

  test("open() does not wait for a name that nobody listens on", async () => {
    const opening = Connection.open(`etmem-test-${UNIQUE}-gone`, 1e9);
    expect(await failureOf(opening)).toBeInstanceOf(NoAnswer);
  });

  test("open() does not wait for a name that only connections of a dead server have", async () => {
    const name = `etmem-test-${UNIQUE}-dead`;
    const listener = Bun.listen({ unix: `\0${name}`, socket: { data: () => {} } });
    const connection = await Connection.open(name, 1000);
    connection.send(Uint8Array.of(0));
    listener.stop(false);
    expect(await failureOf(Connection.open(name, 1e9))).toBeInstanceOf(NoAnswer);
    connection.close();
  });

  test("open() takes a name of 106 bytes with blanks", async () => {
    const name = `etmem-test-${UNIQUE}-`.padEnd(106, " ü").slice(0, 60);
    using listener = Bun.listen({ unix: `\0${name}`, socket: { data: () => {} } });
    expect(listener.unix).toBe(`\0${name}`);
    (await Connection.open(name, 1000)).close();
  });

  test("send() sends more than the socket takes at once", async () => {
    using server = new FakeServer({
      asked: (client) => {
        if (client.received.length === 3_000_000) client.close();
      },
    });
    const connection = await Connection.open(server.name, 10_000);
    connection.send(new Uint8Array(1_000_000).fill(0x61));
    connection.send(new Uint8Array(2_000_000).fill(0x62));
    expect(await connection.receive()).toBeUndefined();
    expect(server.received).toBe("a".repeat(1_000_000) + "b".repeat(2_000_000));
  });

  test("receive() reads what came while this process was held up", async () => {
    const clients: FakeClient[] = [];
    using server = new FakeServer({ connected: (client) => void clients.push(client) });
    const connection = await Connection.open(server.name, 500);
    await until(() => clients.length > 0);
    const received = connection.receive();
    clients[0]?.send("late");
    Bun.sleepSync(600);
    expect(await received).toEqual(Buffer.from("late"));
    clients[0]?.send("later");
    Bun.sleepSync(600);
    expect(await connection.receive()).toEqual(Buffer.from("later"));
  });
});
