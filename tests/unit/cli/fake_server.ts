import { UNIQUE } from "../../tools/fixtures/unique.ts";
/** What a fake server does with a client. */
export interface FakeClient {
  /** All that the client has sent so far. */
  readonly received: string;
  /** Sends bytes when the client takes them. */
  send(bytes: Uint8Array | string): void;
  /** Closes the connection once all bytes are sent. */
  close(): void;
}

export interface FakeBehaviour {
  readonly connected?: (client: FakeClient) => void;
  /** Called whenever bytes have come. */
  readonly asked?: (client: FakeClient) => void | Promise<void>;
}

class Client implements FakeClient {
  received = "";
  readonly #socket: Bun.Socket<Client>;
  #unsent: Uint8Array = new Uint8Array(0);
  #closing = false;

  constructor(socket: Bun.Socket<Client>) {
    this.#socket = socket;
  }

  send(bytes: Uint8Array | string): void {
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(bytes)]);
    this.flush();
  }

  close(): void {
    this.#closing = true;
    this.flush();
  }

  flush(): void {
    const sent = this.#unsent.length === 0 ? 0 : this.#socket.write(this.#unsent);
    this.#unsent = this.#unsent.subarray(Math.max(0, sent));
    if (this.#closing && this.#unsent.length === 0) this.#socket.end();
  }
}

let servers = 0;

/** A server on an abstract socket of its own that does as it is told. */
export class FakeServer implements Disposable {
  readonly name: string;
  /** What its clients have sent, all of them. */
  received = "";
  readonly #listener: Bun.UnixSocketListener<Client>;

  /** @param name that another one had before. */
  constructor(behaviour: FakeBehaviour, name = `etmem-fake-${UNIQUE}-${servers++}`) {
    this.name = name;
    this.#listener = Bun.listen<Client>({
      unix: `\0${this.name}`,
      socket: {
        open: (socket) => {
          socket.data = new Client(socket);
          behaviour.connected?.(socket.data);
        },
        data: async (socket, bytes) => {
          const text = bytes.toString();
          this.received += text;
          socket.data.received += text;
          await behaviour.asked?.(socket.data);
        },
        drain: (socket) => socket.data.flush(),
      },
    });
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }
}

/** A server that answers each request with these bytes and closes, as the original one does. */
export function answering(...pieces: readonly (Uint8Array | string)[]): FakeServer {
  return new FakeServer({
    asked: (client) => {
      for (const piece of pieces) client.send(piece);
      client.close();
    },
  });
}
