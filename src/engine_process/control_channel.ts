import { read, write } from "../../ffi/libc.ts";
import {
  formatMessage,
  parseProcessRequest,
  type ProcessReport,
  type ProcessRequest,
} from "./messages.ts";

const NEWLINE = 0x0a;

/**
 * The engine process's end of the socket to the server. It waits in read(2):
 * the process does nothing besides.
 */
export class ControlChannel {
  readonly #fd: number;
  readonly #piece = new Uint8Array(64 * 1024);
  #pending: Uint8Array = new Uint8Array();

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Waits for the next request. @returns undefined when the server is gone.
   * @throws {SystemCallError | SyntaxError}
   */
  next(): ProcessRequest | undefined {
    for (let searched = 0;;) {
      const end = this.#pending.indexOf(NEWLINE, searched);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#pending.subarray(0, end));
        this.#pending = this.#pending.slice(end + 1);
        return parseProcessRequest(line);
      }
      searched = this.#pending.length;
      const count = read(this.#fd, this.#piece, this.#piece.length);
      if (count === 0) return undefined;
      this.#pending = Buffer.concat([this.#pending, this.#piece.subarray(0, count)]);
    }
  }

  /** @throws {SystemCallError} when the server is gone. */
  say(report: ProcessReport): void {
    let rest: Uint8Array = Buffer.from(formatMessage(report));
    while (rest.length > 0) rest = rest.subarray(write(this.#fd, rest, rest.length));
  }
}
