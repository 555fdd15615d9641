import { closePair, socketPair } from "../../../ffi/unix_socket.ts";
import { close } from "../../../ffi/libc.ts";
import { SocketEnd } from "./socket_end.ts";

/** Last bytes of a v1 answer, which no text may have: 0xff success, 0xfe failure. */
const RESERVED_FROM = 0xfe;
const REPLACEMENT = "?".charCodeAt(0);

/** How long after the end of a command its output may still be on its way. */
const DRAIN_MS = 1_000;

/** What an engine writes as the answer of a command, on its way to the client. */
export class CommandOutput {
  readonly #own: SocketEnd;
  /** Bytes that had to be replaced. */
  readonly #count: { replaced: number };

  private constructor(own: SocketEnd, count: { replaced: number }) {
    this.#own = own;
    this.#count = count;
  }

  /**
   * Opens a socket for the answer.
   * @param write takes it as it comes. @param handOver takes the engine's end, which is closed then.
   * @throws {SystemCallError}
   */
  static async open(
    write: (bytes: Uint8Array) => void,
    handOver: (fd: number) => void,
  ): Promise<CommandOutput> {
    const [own, theirs] = socketPair();
    try {
      handOver(theirs);
    } catch (error) {
      closePair([own, theirs]);
      throw error;
    }
    close(theirs);
    const count = { replaced: 0 };
    const end = await SocketEnd.open(own, (bytes) => {
      const clean = new Uint8Array(bytes);
      count.replaced += replaceReserved(clean);
      write(clean);
    });
    return new CommandOutput(end, count);
  }

  /** Waits until all is read, and closes. @returns how many bytes had to be replaced. */
  async end(): Promise<number> {
    const timeOut = Promise.withResolvers<void>();
    const timer = setTimeout(timeOut.resolve, DRAIN_MS);
    await Promise.race([this.#own.closed, timeOut.promise]);
    clearTimeout(timer);
    this.#own.close();
    return this.#count.replaced;
  }
}

function replaceReserved(bytes: Uint8Array): number {
  let replaced = 0;
  for (let i = 0; i < bytes.length; i++) {
    if ((bytes[i] ?? 0) < RESERVED_FROM) continue;
    bytes[i] = REPLACEMENT;
    replaced++;
  }
  return replaced;
}
