import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AnswerEncoderV2, type MessageV2, parseMessageV2 } from "../../../src/rpc/answer_v2.ts";
import { LineReader, MAX_LINE_BYTES } from "../../../src/rpc/line_reader.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The messages of a stream; throws when a line is longer than the protocol allows. */
function messagesOf(...bytes: Uint8Array[]): (MessageV2 | undefined)[] {
  return new LineReader().push(Buffer.concat(bytes)).map(parseMessageV2);
}

function textOf(messages: readonly (MessageV2 | undefined)[], type: "text" | "document"): string {
  return messages.map((message) => message?.type === type ? message.text : "").join("");
}

describe("AnswerEncoderV2", () => {
  test("writes the lines of docs/protocol.md", () => {
    const encoder = new AnswerEncoderV2();
    const wire = Buffer.concat([
      encoder.progress(2000.4),
      encoder.progress(3000, { doneBytes: 5, allBytes: 9 }),
      encoder.text("project: test\n"),
      encoder.document(JSON.stringify({ version: 1 })),
      encoder.success(),
    ]);
    expect(wire.toString()).toBe(
      '{"version":2,"type":"progress","elapsed_ms":2000}\n' +
        '{"version":2,"type":"progress","elapsed_ms":3000,"done_bytes":5,"all_bytes":9}\n' +
        '{"version":2,"type":"text","text":"project: test\\n"}\n' +
        '{"version":2,"type":"document","text":"{\\"version\\":1}"}\n' +
        '{"version":2,"type":"result","ok":true}\n',
    );
  });

  test("failure() tells the kind and the line that v1 answers", () => {
    const wire = new AnswerEncoderV2().failure(new Refusal("noProject", 'no project "x"\n'));
    expect(messagesOf(wire)).toEqual([{
      type: "result",
      ok: false,
      kind: "noProject",
      message: 'error: project is not exist: no project "x"',
    }]);
  });

  test("failure() fits a line whatever the details", () => {
    const wire = new AnswerEncoderV2().failure(new Refusal("invalid", "\u{1f600}".repeat(50_000)));
    expect(messagesOf(wire)).toHaveLength(1);
  });

  test("text() and document() arrive whole, in lines of at most 64 KiB", () => {
    const long = fc.tuple(
      fc.constantFrom("\u0001", "a", "é", "\u{1f600}", '"', "\ud800"),
      fc.integer({ min: 8000, max: 20_000 }),
      fc.constantFrom("", "x"),
    ).map(([unit, count, first]) => first + unit.repeat(count));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: "binary" }), long)), (pieces) => {
        const encoder = new AnswerEncoderV2();
        const texts = messagesOf(...pieces.map((piece) => encoder.text(piece)));
        expect(textOf(texts, "text")).toBe(pieces.join(""));
        if (pieces.every((piece) => piece.isWellFormed())) {
          const cut = texts.filter((message) => message?.type === "text");
          expect(cut.every(({ text }) => text.isWellFormed())).toBe(true);
        }
        const documents = messagesOf(
          encoder.document(JSON.stringify({ pieces })),
          encoder.success(),
        );
        expect(JSON.parse(textOf(documents, "document"))).toEqual({ pieces });
      }),
      { numRuns: 30 },
    );
  });

  test("text() puts characters together that arrive in pieces", () => {
    const bytes = encode("pages: ü\u{1f600}\n");
    const encoder = new AnswerEncoderV2();
    const wire = Array.from(bytes, (byte) => encoder.text(Uint8Array.of(byte)));
    expect(textOf(messagesOf(...wire, encoder.success()), "text")).toBe("pages: ü\u{1f600}\n");
  });

  test("success() tells of a character that was cut off", () => {
    const encoder = new AnswerEncoderV2();
    const wire = [encoder.text(Uint8Array.of(0x61, 0xc3)), encoder.success()];
    expect(textOf(messagesOf(...wire), "text")).toBe("a\ufffd");
  });

  test("every line is at most 64 KiB", () => {
    const wire = new AnswerEncoderV2().document(JSON.stringify({ all: "\u0001".repeat(100_000) }));
    const lengths = Buffer.from(wire).toString().split("\n").map((line) => line.length + 1);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_LINE_BYTES);
  });
});

describe("parseMessageV2()", () => {
  test("passes over a type that it does not know", () => {
    expect(parseMessageV2(encode('{"version":2,"type":"colour"}'))).toBeUndefined();
  });

  test("ignores unknown fields", () => {
    expect(parseMessageV2(encode('{"version":2,"type":"result","ok":true,"more":1}'))).toEqual({
      type: "result",
      ok: true,
    });
  });

  test("takes a kind that it does not know for internal", () => {
    const line = '{"version":2,"type":"result","ok":false,"kind":"toString","message":"error: m"}';
    expect(parseMessageV2(encode(line))).toEqual({
      type: "result",
      ok: false,
      kind: "internal",
      message: "error: m",
    });
  });

  const malformed = [
    "",
    "7",
    "null",
    '{"type":"text","text":"x"}',
    '{"version":3,"type":"text","text":"x"}',
    '{"version":2,"type":"text"}',
    '{"version":2,"type":"result"}',
    '{"version":2,"type":"result","ok":false}',
  ];
  for (const line of malformed) {
    test(`throws a SyntaxError for ${JSON.stringify(line)}`, () => {
      expect(() => parseMessageV2(encode(line))).toThrow(SyntaxError);
    });
  }
});
