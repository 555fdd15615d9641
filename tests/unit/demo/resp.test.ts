import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeBulk, encodeCommand, RespError, RespReader } from "../../../demo/resp.ts";

/** Cuts bytes at the given places and has them read piece by piece. */
function readInPieces(bytes: Uint8Array, cuts: readonly number[]): unknown[] {
  const reader = new RespReader();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).flatMap((to, i) => {
    const piece = Uint8Array.from(bytes.subarray(places[i], to));
    const values = reader.push(piece);
    piece.fill(0); // the socket's buffer is used again
    return values;
  });
}

describe("RespReader", () => {
  test("push() gives back commands as they were encoded, however the stream is cut", () => {
    const word = fc.uint8Array({ maxLength: 40 });
    const command = fc.array(word, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), fc.array(fc.nat()), (commands, cuts) => {
        const stream = Buffer.concat(commands.map(encodeCommand));
        expect(readInPieces(stream, cuts)).toEqual(commands);
      }),
    );
  });

  test("push() reads every kind of reply when they come in one piece or byte by byte", () => {
    const stream = Buffer.concat([
      Buffer.from("+OK\r\n:-12\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n+a\r\n"),
      encodeBulk(Buffer.from("x\r\ny")),
      encodeBulk(null),
    ]);
    const values = ["OK", -12, null, null, [1, "a"], Uint8Array.from(Buffer.from("x\r\ny")), null];
    expect(readInPieces(stream, [])).toEqual(values);
    expect(readInPieces(stream, Array.from(stream.keys()))).toEqual(values);
  });

  test("push() gives an error reply as a value", () => {
    const [value] = new RespReader().push(Buffer.from("-ERR no such thing\r\n"));
    expect(value).toBeInstanceOf(RespError);
    expect(value).toHaveProperty("message", "ERR no such thing");
  });

  test("push() throws when it is another protocol", () => {
    expect(() => new RespReader().push(Buffer.from("HTTP/1.1 200\r\n"))).toThrow(SyntaxError);
    expect(() => new RespReader().push(Buffer.from("$1x\r\n"))).toThrow(SyntaxError);
  });
});
