import { closePair, socketPair } from "../../../ffi/unix_socket.ts";
import { close } from "../../../ffi/libc.ts";
import type { EngineCommand } from "../engine.ts";
import { SocketEnd } from "./socket_end.ts";

/** Last bytes of a v1 answer, which no text may have: 0xff success, 0xfe failure. */
const RESERVED_FROM = 0xfe;
const REPLACEMENT = "?".charCodeAt(0);

/** How long after the end of a command its output may still be on its way. */
const DRAIN_MS = 1_000;

/** Who takes the output, and what is done with the engine's end and its clock. */
export interface OutputPeers {
  readonly client: Pick<EngineCommand, "write" | "lag">;
  /** Takes the engine's end, which is closed then. */
  readonly handOver: (fd: number) => void;
  /** Is told when the engine is held up by a client that lags behind, and until when. */
  readonly onHeldUp: (over: Promise<void>) => void;
}

/**
 * What an engine writes as the answer of a command, on its way to the client, at the client's pace.
 */
export class CommandOutput {
  readonly #peers: OutputPeers;
  #own!: SocketEnd;
  #replaced = 0;
  #lag: Promise<void> | undefined;

  private constructor(peers: OutputPeers) {
    this.#peers = peers;
  }

  /** Opens a socket for the answer. @throws {SystemCallError} */
  static async open(peers: OutputPeers): Promise<CommandOutput> {
    const [own, theirs] = socketPair();
    try {
      peers.handOver(theirs);
    } catch (error) {
      closePair([own, theirs]);
      throw error;
    }
    close(theirs);
    const output = new CommandOutput(peers);
    output.#own = await SocketEnd.open(own, (bytes) => output.#take(bytes));
    return output;
  }

  /** Waits until all is read, and closes. @returns how many bytes had to be replaced. */
  async end(): Promise<number> {
    const closed = this.#own.closed.then(() => true);
    const late = (): Promise<boolean> => Bun.sleep(DRAIN_MS).then(() => false);
    while (!await Promise.race([closed, late()]) && this.#lag !== undefined) await this.#lag;
    this.#own.close();
    return this.#replaced;
  }

  #take(bytes: Uint8Array): void {
    const clean = new Uint8Array(bytes);
    this.#replaced += replaceReserved(clean);
    this.#peers.client.write(clean);
    const lag = this.#peers.client.lag();
    if (lag === undefined || this.#lag !== undefined) return;
    this.#lag = lag.then(() => {
      this.#lag = undefined;
    });
    void this.#own.restUntil(lag);
    this.#peers.onHeldUp(lag);
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
