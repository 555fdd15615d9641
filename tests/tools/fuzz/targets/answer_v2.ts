import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { AnswerEncoderV2, type MessageV2, parseMessageV2 } from "../../../../src/rpc/answer_v2.ts";
import { LineReader, MAX_LINE_BYTES } from "../../../../src/rpc/line_reader.ts";
import { Refusal } from "../../../../src/rpc/refusal.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const TYPES = ["progress", "text", "document", "result", "news"];
const message = fc.dictionary(
  fc.constantFrom("version", "type", "text", "ok", "kind", "message", "elapsed_ms", "__proto__"),
  fc.oneof(
    fc.constantFrom<unknown>(2, true, false, "invalid", "toString", ...TYPES),
    fc.jsonValue(),
  ),
).map((fields) => JSON.stringify({ version: 2, ...fields }));

/** Reads a line as the client does. */
function orSyntaxError(line: Uint8Array): MessageV2 | undefined {
  try {
    return parseMessageV2(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The client's reader of v2 answers: a message of the right types, or a SyntaxError, whatever the
 * line is; and text of any bytes arrives as it was sent, in lines that are short enough.
 */
export const ANSWER_V2: FuzzTarget = {
  name: "answer_v2",
  sources: ["src/rpc/answer_v2.ts", "src/rpc/answer.ts"],
  inputs: fc.oneof(
    message.map((line) => Buffer.from(line)),
    fc.uint8Array({ maxLength: 60, size: "max" }),
    // Surrogates on both sides of where a long text is cut.
    fc.nat(9000).map((n) => Buffer.from(`${"x".repeat(n % 3)}${"\u{1f600}".repeat(n)}`)),
    fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 9 }), fc.nat(9000)).map((
      [text, n],
    ) => Buffer.from(text.repeat(n)).subarray(0, 40_000)),
  ),
  tokens: [
    ...tokensOf(
      '{"version":2,"type":"',
      '"text":',
      '"ok":',
      '"kind":',
      '"message":',
      "}",
      '"',
      "\\",
    ),
    ...tokensOf(...TYPES, "\n", "é", "\u{1f600}", "x".repeat(8192)),
    Buffer.from([0xf0, 0x9f]),
  ],
  check(input) {
    for (const line of input.length > 60_000 ? [] : new LineReader().push(input)) {
      const read = orSyntaxError(line);
      if (read?.type === "result" && !read.ok) deepStrictEqual(typeof read.message, "string");
      if (read?.type === "text" || read?.type === "document") {
        deepStrictEqual(typeof read.text, "string");
      }
    }
    orSyntaxError(input);
    // As the text of an answer, given in two pieces.
    const encoder = new AnswerEncoderV2();
    const half = input.length >> 1;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
    const wire = Buffer.concat([
      encoder.text(input.subarray(0, half)),
      encoder.text(input.subarray(half)),
      encoder.document(JSON.stringify([text])),
      encoder.failure(new Refusal("invalid", text)),
    ]);
    let arrived = "";
    let document = "";
    const reader = new LineReader();
    for (let at = 0; at < wire.length; at += MAX_LINE_BYTES) {
      for (const line of reader.push(wire.subarray(at, at + MAX_LINE_BYTES))) {
        const part = parseMessageV2(line);
        // The client prints each piece by itself.
        if (part?.type === "text" && !part.text.isWellFormed()) throw new Error("a cut character");
        if (part?.type === "text") arrived += part.text;
        if (part?.type === "document") document += part.text;
        if (part?.type === "result" && !part.ok && /\p{Cc}/u.test(part.message)) {
          throw new Error(`the refusal is not one line: ${JSON.stringify(part.message)}`);
        }
      }
    }
    deepStrictEqual(wire.at(-1), 0x0a);
    deepStrictEqual(arrived, text);
    deepStrictEqual(JSON.parse(document), [text]);
  },
};
