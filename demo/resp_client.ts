import { encodeCommand, RespError, RespReader, type RespValue, type RespWord } from "./resp.ts";

interface Waiting {
  readonly resolve: (value: RespValue) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to Redis, or to what speaks like it, on a unix socket. */
export class RespClient {
  readonly #reader = new RespReader();
  readonly #waiting: Waiting[] = [];
  #socket: Bun.Socket | undefined;
  #unsent: Uint8Array = new Uint8Array(0);
  #failed: Error | undefined;

  private constructor() {}

  /** @param path of the unix socket. @throws {Error} when no server listens there. */
  static async connect(path: string): Promise<RespClient> {
    const client = new RespClient();
    await Bun.connect({
      unix: path,
      socket: {
        open: (socket) => {
          client.#socket = socket;
        },
        data: (_socket, bytes) => client.#take(bytes),
        drain: () => client.#flush(),
        close: () => client.#fail(new Error("the store closed the connection")),
        // Without it Bun prints the error; the rejected promise says the same.
        connectError: () => {},
      },
    });
    return client;
  }

  /**
   * Sends a command. @returns its reply.
   * @throws {RespError | Error} when the store refuses, or is gone.
   */
  async call(...words: readonly RespWord[]): Promise<RespValue> {
    const [reply] = await this.pipeline([words]);
    if (reply instanceof RespError) throw reply;
    return reply ?? null;
  }

  /**
   * Sends commands in one go. @returns their replies, errors among them.
   * @throws {Error} when the store is gone.
   */
  pipeline(commands: readonly (readonly RespWord[])[]): Promise<RespValue[]> {
    return Promise.all(this.send(commands));
  }

  /**
   * Sends commands in one go. @returns a promise for each reply; one is rejected when the store is
   * gone.
   */
  send(commands: readonly (readonly RespWord[])[]): Promise<RespValue>[] {
    const failed = this.#failed;
    if (failed !== undefined) return commands.map(() => Promise.reject(failed));
    const replies = commands.map(() => {
      const { promise, resolve, reject } = Promise.withResolvers<RespValue>();
      this.#waiting.push({ resolve, reject });
      return promise;
    });
    this.#unsent = Buffer.concat([this.#unsent, ...commands.map(encodeCommand)]);
    this.#flush();
    return replies;
  }

  close(): void {
    this.#fail(new Error("the connection was closed"));
    this.#socket?.end();
  }

  #flush(): void {
    if (this.#socket === undefined || this.#unsent.length === 0) return;
    const sent = this.#socket.write(this.#unsent);
    if (sent > 0) this.#unsent = this.#unsent.subarray(sent);
  }

  #take(bytes: Uint8Array): void {
    try {
      for (const value of this.#reader.push(bytes)) this.#waiting.shift()?.resolve(value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#fail(error);
      this.#socket?.end();
    }
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
