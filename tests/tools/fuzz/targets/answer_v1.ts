import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { ErrorLineHold } from "../../../../src/cli/error_line_hold.ts";
import { AnswerReader } from "../../../../src/rpc/answer_v1.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const END = new Set([0xff, 0xfe]);

const answer = fc.array(
  fc.oneof(
    fc.constantFrom(
      "error: ",
      "project: test\n",
      "\n",
      "err",
      "error: a\nerror: b",
      "1        name\n",
    ),
    fc.string({ maxLength: 10 }),
  ),
  { maxLength: 6 },
).chain((parts) =>
  fc.constantFrom([0xff], [0xfe], [], [0xff, 0xfe, 0x41]).map((end) =>
    // The first byte says in pieces of what length it arrives.
    Buffer.concat([Buffer.from([1 + parts.length]), Buffer.from(parts.join("")), Buffer.from(end)])
  )
);

/**
 * The client's reader of v1 answers: whatever the server sends, in whatever pieces, the text up to
 * the first byte of an end is printed, but for the last line when that is a refusal.
 */
export const ANSWER_V1: FuzzTarget = {
  name: "answer_v1",
  sources: ["src/cli/error_line_hold.ts"],
  inputs: fc.oneof({ weight: 4, arbitrary: answer }, { weight: 1, arbitrary: fc.uint8Array() }),
  tokens: [...tokensOf("error: ", "\n", "e", "error:"), Buffer.from([0xff]), Buffer.from([0xfe])],
  check(input) {
    const pieceBytes = Math.max(1, (input[0] ?? 1) % 16);
    const sent = input.subarray(1);
    const reader = new AnswerReader();
    const hold = new ErrorLineHold();
    const printed: Uint8Array[] = [];
    for (let at = 0; at < sent.length; at += pieceBytes) {
      printed.push(Uint8Array.from(hold.push(reader.push(sent.subarray(at, at + pieceBytes)))));
    }
    const ends = sent.findIndex((byte) => END.has(byte));
    const text = Buffer.from(sent.subarray(0, ends < 0 ? sent.length : ends)).toString("latin1");
    const lastLine = text.lastIndexOf("\n", text.length - 2) + 1;
    const isHeld = text !== "" && "error: ".startsWith(text.slice(lastLine, lastLine + 7));
    const expected = {
      end: ends < 0 ? undefined : sent[ends] === 0xff ? "success" : "failure",
      printed: isHeld ? text.slice(0, lastLine) : text,
      held: isHeld ? text.slice(lastLine) : "",
    };
    deepStrictEqual({
      end: reader.end,
      printed: Buffer.concat(printed).toString("latin1"),
      held: Buffer.from(hold.held).toString("latin1"),
    }, expected);
  },
};
