import { AnswerReader } from "../rpc/answer_v1.ts";
import { parseMessageV2 } from "../rpc/answer_v2.ts";
import { LineReader } from "../rpc/line_reader.ts";
import { FIRST_BYTE_V2 } from "../rpc/request_v2.ts";
import type { Connection, NoAnswer } from "./connection.ts";
import { ErrorLineHold } from "./error_line_hold.ts";

/** Where the parts of an answer go as they arrive. */
export interface AnswerSink {
  readonly text: (text: Uint8Array | string) => void;
  /** Takes the next piece of the JSON document. */
  readonly document: (text: string) => void;
  /** Takes how far the work is, in bytes. */
  readonly progress?: (doneBytes: number, allBytes: number) => void;
}

/** How the server ended its answer; `message` is its one line, empty where it gave none. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Reads the answer to a v1 request.
 * @throws {NoAnswer} when it breaks off.
 */
export async function readAnswerV1(connection: Connection, sink: AnswerSink): Promise<Outcome> {
  const first = await connection.receive();
  if (first === undefined) throw connection.noAnswer("it closed the connection without an answer");
  return await readTextAnswer(connection, first, sink);
}

async function readTextAnswer(
  connection: Connection,
  first: Uint8Array,
  sink: AnswerSink,
): Promise<Outcome> {
  const reader = new AnswerReader();
  const hold = new ErrorLineHold();
  let bytes: Uint8Array | undefined = first;
  while (bytes !== undefined) {
    sink.text(hold.push(reader.push(bytes)));
    connection.restartWait();
    if (reader.end === "failure") {
      return { ok: false, message: new TextDecoder().decode(hold.held).trimEnd() };
    }
    if (reader.end === "success") {
      sink.text(hold.held);
      return { ok: true };
    }
    bytes = await connection.receive();
  }
  sink.text(hold.held);
  throw endedEarly(connection);
}

/**
 * Reads the answer to a v2 request.
 * @throws {NoAnswer} when it breaks off, is not understood, or the server does not speak v2.
 */
export async function readAnswerV2(connection: Connection, sink: AnswerSink): Promise<Outcome> {
  let bytes = await connection.receive();
  if (bytes === undefined) {
    throw connection.noAnswer(
      "it does not speak v2 of the protocol, which this request needs (it closed without a byte)",
    );
  }
  // A server refuses anyone but root with the one byte of v1, also when the request is v2.
  if (bytes[0] !== FIRST_BYTE_V2) return await readTextAnswer(connection, bytes, sink);
  const lines = new LineReader();
  for (; bytes !== undefined; bytes = await connection.receive()) {
    for (const line of readLines(connection, lines, bytes)) {
      const outcome = takeLine(connection, line, sink);
      if (outcome !== undefined) return outcome;
    }
    connection.restartWait();
  }
  throw endedEarly(connection);
}

function readLines(connection: Connection, lines: LineReader, bytes: Uint8Array): Uint8Array[] {
  try {
    return lines.push(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw notUnderstood(connection, error);
    throw error;
  }
}

function takeLine(connection: Connection, line: Uint8Array, sink: AnswerSink): Outcome | undefined {
  const message = parseLine(connection, line);
  switch (message?.type) {
    case "text":
      sink.text(message.text);
      return undefined;
    case "document":
      sink.document(message.text);
      return undefined;
    case "result":
      return message.ok ? { ok: true } : { ok: false, message: message.message };
    case "progress":
      if (message.done_bytes !== undefined && message.all_bytes !== undefined) {
        sink.progress?.(message.done_bytes, message.all_bytes);
      }
      return undefined;
    case undefined:
      return undefined;
  }
}

function parseLine(
  connection: Connection,
  line: Uint8Array,
): ReturnType<typeof parseMessageV2> {
  try {
    return parseMessageV2(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw notUnderstood(connection, error);
    throw error;
  }
}

function notUnderstood(connection: Connection, error: Error): NoAnswer {
  return connection.noAnswer(`it sent a line that is no v2 message (${error.message})`);
}

function endedEarly(connection: Connection): NoAnswer {
  return connection.noAnswer("it closed the connection before the end of its answer");
}
