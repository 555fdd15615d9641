/**
 * Bun.connect takes a connected descriptor over too;
 * of its declarations only FdSocketOptions says so.
 */
const takeOver = Bun.connect as unknown as (options: Bun.FdSocketOptions) => Promise<Bun.Socket>;

/** One end of a socket pair in the event loop. */
export class SocketEnd {
  /** Resolves when everything was read and the socket is closed, or close() was called. */
  readonly closed: Promise<void>;
  readonly #isClosed = Promise.withResolvers<void>();
  #socket: Bun.Socket | undefined;
  #unsent: Uint8Array[] = [];

  private constructor() {
    this.closed = this.#isClosed.promise;
  }

  /** Takes a descriptor over. @param data takes what is read. */
  static async open(fd: number, data: (bytes: Uint8Array) => void): Promise<SocketEnd> {
    const end = new SocketEnd();
    end.#socket = await takeOver({
      fd,
      socket: {
        data: (_socket, bytes) => data(bytes),
        drain: () => end.#flush(),
        close: () => end.#isClosed.resolve(),
        error: () => end.#isClosed.resolve(),
      },
    });
    return end;
  }

  /**
   * Reads nothing until something is over; who writes is held up once the kernel's buffer is full.
   */
  async restUntil(over: Promise<void>): Promise<void> {
    this.#socket?.pause();
    await over;
    this.#socket?.resume();
  }

  /** Sends in order; what the kernel does not take at once follows. */
  send(text: string): void {
    this.#unsent.push(Buffer.from(text));
    if (this.#unsent.length === 1) this.#flush();
  }

  /** Closes at once. */
  close(): void {
    this.#unsent = [];
    this.#socket?.terminate();
  }

  #flush(): void {
    for (let bytes = this.#unsent[0]; bytes !== undefined; bytes = this.#unsent[0]) {
      const taken = this.#socket?.write(bytes) ?? -1;
      if (taken < 0) return;
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }
}
