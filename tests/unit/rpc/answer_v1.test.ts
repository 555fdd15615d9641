import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AnswerEncoderV1, AnswerReader } from "../../../src/rpc/answer_v1.ts";
import { FIRST_WORDS, Refusal, type RefusalKind } from "../../../src/rpc/refusal.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("AnswerEncoderV1", () => {
  for (const kind of Object.keys(FIRST_WORDS) as RefusalKind[]) {
    test(`failure() answers ${kind} with its first words and 0xFE`, () => {
      expect(new AnswerEncoderV1().failure(new Refusal(kind))).toEqual(
        Uint8Array.of(...encode(FIRST_WORDS[kind]), 0xfe),
      );
    });
  }

  test("failure() stays on one line whatever the details hold", () => {
    const refusal = new Refusal("invalid", 'line 3: value "a\nb\r\n\0c\u0085" is bad\n');
    expect(new AnswerEncoderV1().failure(refusal)).toEqual(
      Uint8Array.of(...encode('error: invalid parameters: line 3: value "a b c " is bad'), 0xfe),
    );
  });

  test("failure() ends a line that gets too long", () => {
    const refusal = new Refusal("internal", "\u{1f600}".repeat(500_000));
    expect(new AnswerEncoderV1().failure(refusal).length).toBeLessThan(17_000);
  });

  test("failure() begins a line of its own after text that does not end with one", () => {
    const encoder = new AnswerEncoderV1();
    encoder.text("half a table");
    encoder.text("");
    expect(encoder.failure(new Refusal("internal"))).toEqual(
      Uint8Array.of(...encode("\nerror: etmemd has internal error"), 0xfe),
    );
  });

  test("failure() needs no newline after whole lines", () => {
    const encoder = new AnswerEncoderV1();
    encoder.text("a\n");
    encoder.text(encode("b\n"));
    expect(encoder.failure(new Refusal("internal"))[0]).toBe(0x65);
  });

  test("text() takes the last bytes of an answer out of an engine's output", () => {
    expect(new AnswerEncoderV1().text(Uint8Array.of(0x61, 0xff, 0xfe, 0x62))).toEqual(
      encode("a??b"),
    );
  });

  test("document() is text", () => {
    expect(new AnswerEncoderV1().document('{"a":"ü"}')).toEqual(encode('{"a":"ü"}'));
  });

  test("success() is the one byte 0xFF, progress() none", () => {
    const encoder = new AnswerEncoderV1();
    expect(encoder.progress()).toEqual(new Uint8Array(0));
    expect(encoder.success()).toEqual(Uint8Array.of(0xff));
  });
});

describe("AnswerReader", () => {
  test("push() gives back any text however the answer is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())),
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        (pieces, ok, size) => {
          const encoder = new AnswerEncoderV1();
          const text = Buffer.concat(pieces.map((piece) => encoder.text(piece)));
          const wire = Buffer.concat([
            text,
            ok ? encoder.success() : Uint8Array.of(0xfe),
            encode("later"),
          ]);
          const reader = new AnswerReader();
          const read: Uint8Array[] = [];
          for (let at = 0; at < wire.length; at += size) {
            read.push(reader.push(wire.subarray(at, at + size)));
          }
          expect(Buffer.concat(read).equals(text)).toBe(true);
          expect(reader.end).toBe(ok ? "success" : "failure");
        },
      ),
    );
  });

  test("end is undefined while the last byte has not come", () => {
    const reader = new AnswerReader();
    expect(reader.push(encode("text"))).toEqual(encode("text"));
    expect(reader.end).toBeUndefined();
  });
});
