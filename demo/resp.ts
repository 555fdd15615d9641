/**
 * RESP2, the protocol of Redis (https://redis.io/docs/latest/develop/reference/protocol-spec/):
 * what the demo's client and its stand-in for Redis need of it.
 */
export type RespValue = string | number | null | Uint8Array | RespError | RespValue[];

/** An error reply: an expected value, thrown only by who does not expect it. */
export class RespError extends Error {
  override readonly name = "RespError";
}

/** A part of a command. */
export type RespWord = string | Uint8Array;

const CRLF = Buffer.from("\r\n");

/** A command as clients send it: an array of bulk strings. */
export function encodeCommand(words: readonly RespWord[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) parts.push(...bulkParts(word));
  return Buffer.concat(parts);
}

/** A reply that is a bulk string; null: there is none. */
export function encodeBulk(value: Uint8Array | null): Buffer {
  return value === null ? Buffer.from("$-1\r\n") : Buffer.concat(bulkParts(value));
}

function bulkParts(word: RespWord): Uint8Array[] {
  const bytes = typeof word === "string" ? Buffer.from(word) : word;
  return [Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF];
}

/** What was parsed, and where it ends. */
interface Parsed {
  readonly value: RespValue;
  readonly end: number;
}

/** Takes a stream in pieces and gives back the values that are whole. */
export class RespReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** @throws {SyntaxError} when it is not RESP2. */
  push(piece: Uint8Array): RespValue[] {
    this.#bytes = this.#bytes.length === 0
      ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
      : Buffer.concat([this.#bytes, piece]);
    const values: RespValue[] = [];
    let at = 0;
    for (let next = this.#parse(at); next !== undefined; next = this.#parse(at)) {
      values.push(next.value);
      at = next.end;
    }
    // A copy: the piece belongs to the socket, which writes to it again.
    this.#bytes = Buffer.from(this.#bytes.subarray(at));
    return values;
  }

  /** @returns undefined when the value is not whole yet. */
  #parse(at: number): Parsed | undefined {
    const lineEnd = this.#bytes.indexOf(CRLF, at);
    if (lineEnd < 0) return undefined;
    const text = this.#bytes.toString("latin1", at + 1, lineEnd);
    const end = lineEnd + CRLF.length;
    switch (this.#bytes[at]) {
      case 0x2b: // +
        return { value: text, end };
      case 0x2d: // -
        return { value: new RespError(text), end };
      case 0x3a: // :
        return { value: integer(text), end };
      case 0x24: // $
        return this.#bulk(integer(text), end);
      case 0x2a: // *
        return this.#array(integer(text), end);
      default:
        throw new SyntaxError(`Cannot read a reply: it begins with byte ${this.#bytes[at]}`);
    }
  }

  #bulk(length: number, at: number): Parsed | undefined {
    if (length < 0) return { value: null, end: at };
    const end = at + length;
    if (this.#bytes.length < end + CRLF.length) return undefined;
    return { value: new Uint8Array(this.#bytes.subarray(at, end)), end: end + CRLF.length };
  }

  #array(length: number, at: number): Parsed | undefined {
    if (length < 0) return { value: null, end: at };
    const value: RespValue[] = [];
    let end = at;
    for (let i = 0; i < length; i++) {
      const element = this.#parse(end);
      if (element === undefined) return undefined;
      value.push(element.value);
      end = element.end;
    }
    return { value, end };
  }
}

function integer(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new SyntaxError(`Cannot read "${text}": no integer`);
  return Number(text);
}
