import { waitFor } from "../tools/fixtures/wait_for.ts";
import { isListening } from "./server_process.ts";

/** Byte for byte what the original client sends for `etmem project show`. */
export const SHOW_V1 = "proj_name - file_name - cmd 4 eng_name - eng_cmd - task_name -";

/** Asks for the status document, in v2. */
export const STATUS_V2 = '{"version":2,"command":"status"}\n';

/** A client that does nothing by itself. */
export class RawClient implements Disposable {
  readonly received: Uint8Array[] = [];
  isClosed = false;
  /** performance.now() of the first byte. */
  firstByteAt: number | undefined;
  readonly #socket: Bun.Socket;

  private constructor(socket: Bun.Socket) {
    this.#socket = socket;
  }

  /** Connects to an abstract socket. @param isReading whether it takes what is sent to it. */
  static connect(name: string, isReading = true): Promise<RawClient> {
    return waitFor("the server to take a connection", async () => {
      try {
        return await RawClient.#connectOnce(name, isReading);
      } catch (error) {
        // Bun has one error for a full queue, a server that closed at once, and no server at all.
        if (isListening(name)) return undefined;
        throw error;
      }
    }, { firstPauseMs: 2 });
  }

  static async #connectOnce(name: string, isReading: boolean): Promise<RawClient> {
    const opened = Promise.withResolvers<RawClient>();
    let client: RawClient | undefined;
    await Bun.connect({
      unix: `\0${name}`,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          client = new RawClient(socket);
          if (!isReading) socket.pause();
          opened.resolve(client);
        },
        data(_socket, bytes) {
          if (client === undefined) return;
          client.firstByteAt ??= performance.now();
          client.received.push(new Uint8Array(bytes));
        },
        end(socket) {
          if (client !== undefined) client.isClosed = true;
          socket.end();
        },
        close() {
          if (client !== undefined) client.isClosed = true;
        },
        connectError() {},
      },
    });
    return opened.promise;
  }

  send(bytes: string | Uint8Array): this {
    const whole = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    if (this.#socket.write(whole) !== whole.length) throw new Error("the socket is full");
    return this;
  }

  /** Reads from now on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Sends nothing more, and goes on reading. */
  shutDown(): this {
    this.#socket.shutdown();
    return this;
  }

  /** Everything received, a v1 answer's last byte as `[ok]` or `[failed]`. */
  get text(): string {
    return Buffer.concat(this.received).toString("latin1")
      .replaceAll("\xff", "[ok]").replaceAll("\xfe", "[failed]");
  }

  /** Waits until the server has closed. @returns what it sent. */
  async answer(): Promise<string> {
    await waitFor("the server to close the connection", () => this.isClosed, {
      firstPauseMs: 2,
    });
    return this.text;
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

/** Connects, sends, and waits for the whole answer. */
export async function ask(name: string, request: string | Uint8Array): Promise<string> {
  using client = await RawClient.connect(name);
  return await client.send(request).answer();
}
