import fs from "node:fs";

// node:fs by its default export: the named ones take 2 ms of the client's start to load.

/** Between two attempts to connect to a server that has no room for another client yet. */
const RETRY_MS = 20;
/**
 * How often the socket is looked at after the time is up: this process may have been stopped, and
 * bytes that are there are read. A timer that is due may come before the first look,
 * but not before the second.
 */
const LAST_LOOKS = 2;

/** The server cannot be reached, or its answer breaks off; `message` is one line for people. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/**
 * A connection to a server: bytes out, and bytes in with a limit to how long it may say nothing.
 */
export class Connection {
  readonly #server: string;
  readonly #giveUpMs: number;
  #socket: Bun.Socket | undefined;
  #unsent = new Uint8Array(0);
  readonly #arrived: Uint8Array[] = [];
  #closed = false;
  #quietSince = performance.now();
  #wake: () => void = () => {};

  private constructor(server: string, giveUpMs: number) {
    this.#server = server;
    this.#giveUpMs = giveUpMs;
  }

  /**
   * Connects to the server of a name, waiting for it when it is busy.
   * @throws {NoAnswer} when no server has the name, or it does not take the connection in time.
   */
  static async open(server: string, giveUpMs: number): Promise<Connection> {
    const connection = new Connection(server, giveUpMs);
    while (!await connection.#connect()) {
      if (!isListening(server)) {
        throw new NoAnswer(`Cannot reach the server "${server}": no etmemd listens on that name`);
      }
      if (connection.#remainingMs() <= 0) {
        throw new NoAnswer(
          `Cannot reach the server "${server}": it took no connection for ${giveUpMs / 1000} s`,
        );
      }
      await Bun.sleep(RETRY_MS);
    }
    return connection;
  }

  async #connect(): Promise<boolean> {
    try {
      await Bun.connect({
        unix: `\0${this.#server}`,
        socket: {
          open: (socket) => {
            this.#socket = socket;
          },
          data: (_socket, bytes) => {
            this.#arrived.push(bytes);
            this.#quietSince = performance.now();
            this.#wake();
          },
          drain: () => this.#flush(),
          close: () => {
            this.#closed = true;
            this.#wake();
          },
          // Without it Bun prints the error; the rejected promise says the same.
          connectError: () => {},
        },
      });
      return true;
    } catch (error) {
      // Bun reports every failure of connect(2) as ECONNREFUSED, EAGAIN of a full queue too.
      if (error instanceof Error) return false;
      throw error;
    }
  }

  /** Sends bytes, all of them in time. */
  send(bytes: Uint8Array): void {
    this.#unsent = Buffer.concat([this.#unsent, bytes]);
    this.#flush();
  }

  #flush(): void {
    if (this.#closed || this.#socket === undefined || this.#unsent.length === 0) return;
    const sent = this.#socket.write(this.#unsent);
    if (sent > 0) this.#unsent = this.#unsent.subarray(sent);
  }

  /**
   * The bytes that arrive next; undefined once the server has closed the connection.
   * @throws {NoAnswer} when none arrive for the time to give up after.
   */
  async receive(): Promise<Uint8Array | undefined> {
    let looks = 0;
    while (this.#arrived.length === 0 && !this.#closed) {
      const remainingMs = this.#remainingMs();
      if (looks === LAST_LOOKS) {
        throw this.noAnswer(`not a byte came for ${this.#giveUpMs / 1000} s`);
      }
      if (remainingMs <= 0) looks++;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, Math.max(1, remainingMs));
      await promise;
      clearTimeout(timer);
    }
    return this.#arrived.shift();
  }

  /** Starts the time to give up after anew: what has passed was spent by this side. */
  restartWait(): void {
    this.#quietSince = performance.now();
  }

  #remainingMs(): number {
    return this.#quietSince + this.#giveUpMs - performance.now();
  }

  /** The error for an answer that breaks off: `state` says how. */
  noAnswer(state: string): NoAnswer {
    return new NoAnswer(`Cannot read the answer of the server "${this.#server}": ${state}`);
  }

  close(): void {
    this.#socket?.end();
  }
}

/** Whether a socket of this abstract name accepts connections; see unix(7) on /proc/net/unix. */
function isListening(server: string): boolean {
  let table: string;
  try {
    table = fs.readFileSync("/proc/net/unix", "utf8");
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
  // Num: RefCount Protocol Flags Type St Inode Path; __SO_ACCEPTCON is 1 << 16 in linux/net.h.
  return table.split("\n").some((line) => {
    const [, flags, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\S+ (.*)$/.exec(line) ?? [];
    return path === `@${server}` && (Number.parseInt(flags ?? "", 16) & 0x10000) !== 0;
  });
}
