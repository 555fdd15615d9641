import type { Writable } from "../../../src/daemon/outbox.ts";

/**
 * A socket whose peer reads everything at once; what it got is there as text, one letter a byte.
 */
export class RecordingSocket implements Writable {
  isClosed = false;
  #bytes = "";

  write(bytes: Uint8Array): number {
    this.#bytes += Buffer.from(bytes).toString("latin1");
    return bytes.length;
  }

  terminate(): void {
    this.isClosed = true;
  }

  /** What was sent; the last byte of a v1 answer shows as `[ok]` or `[failed]`. */
  get sent(): string {
    return this.#bytes.replaceAll("\xff", "[ok]").replaceAll("\xfe", "[failed]");
  }

  /** The lines of a v2 answer. */
  get messages(): unknown[] {
    return this.#bytes.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }
}
