import { type AnswerEncoder, failureLine, type WorkDone } from "./answer.ts";
import { FIRST_WORDS, type Refusal, type RefusalKind } from "./refusal.ts";
import { PROTOCOL_VERSION } from "./request_v2.ts";

/** A line of a v2 answer. Any number of the first three, then one result. */
export type MessageV2 =
  /** The server is still at it; `elapsed_ms` since the request came. */
  | {
    readonly type: "progress";
    readonly elapsed_ms: number;
    /** How far it is, where that is known. */
    readonly done_bytes?: number;
    readonly all_bytes?: number;
  }
  /** The next piece of text for people. */
  | { readonly type: "text"; readonly text: string }
  /** The next piece of the text of the one JSON document. */
  | { readonly type: "document"; readonly text: string }
  | { readonly type: "result"; readonly ok: true }
  /** `message` is the one line that v1 would have answered; `kind` tells its first words. */
  | {
    readonly type: "result";
    readonly ok: false;
    readonly kind: RefusalKind;
    readonly message: string;
  };

/** UTF-16 units a line; each takes at most 6 bytes in JSON, so that a line stays below 64 KiB. */
const PIECE_UNITS = 8 * 1024;

/** v2: a JSON object per line. */
export class AnswerEncoderV2 implements AnswerEncoder {
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  text(piece: Uint8Array | string): Uint8Array {
    const text = typeof piece === "string"
      ? `${this.#decoder.decode()}${piece}`
      : this.#decoder.decode(piece, { stream: true });
    return this.#pieces("text", text);
  }

  document(piece: string): Uint8Array {
    return this.#pieces("document", piece);
  }

  progress(elapsedMs: number, done?: WorkDone): Uint8Array {
    return this.#lines([{
      type: "progress",
      elapsed_ms: Math.round(elapsedMs),
      ...(done === undefined ? {} : { done_bytes: done.doneBytes, all_bytes: done.allBytes }),
    }]);
  }

  success(): Uint8Array {
    return this.#end({ type: "result", ok: true });
  }

  failure(refusal: Refusal): Uint8Array {
    return this.#end({
      type: "result",
      ok: false,
      kind: refusal.kind,
      message: failureLine(refusal),
    });
  }

  #end(result: MessageV2): Uint8Array {
    return this.#lines([...cut("text", this.#decoder.decode()), result]);
  }

  #pieces(type: "text" | "document", text: string): Uint8Array {
    return this.#lines(cut(type, text));
  }

  #lines(messages: readonly MessageV2[]): Uint8Array {
    const lines = messages.map((message) =>
      `${JSON.stringify({ version: PROTOCOL_VERSION, ...message })}\n`
    );
    return this.#encoder.encode(lines.join(""));
  }
}

function cut(type: "text" | "document", text: string): MessageV2[] {
  const messages: MessageV2[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + PIECE_UNITS, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    messages.push({ type, text: text.slice(start, end) });
    start = end;
  }
  return messages;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/**
 * Reads a line of a v2 answer. Unknown fields are ignored.
 * @returns undefined for a type that this version does not know; it may be passed over.
 * @throws {SyntaxError} when it is no line of a v2 answer.
 */
export function parseMessageV2(line: Uint8Array): MessageV2 | undefined {
  const value: unknown = JSON.parse(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(line),
  );
  if (typeof value !== "object" || value === null) throw new SyntaxError("not a JSON object");
  const fields: Readonly<Record<string, unknown>> = { ...value };
  if (fields["version"] !== PROTOCOL_VERSION) {
    throw new SyntaxError(`version is not ${PROTOCOL_VERSION}`);
  }
  switch (fields["type"]) {
    case "progress":
      return parseProgress(fields);
    case "text":
    case "document": {
      if (typeof fields["text"] !== "string") throw new SyntaxError("a piece has no text");
      return { type: fields["type"], text: fields["text"] };
    }
    case "result":
      return parseResult(fields);
    default:
      return undefined;
  }
}

function parseProgress(fields: Readonly<Record<string, unknown>>): MessageV2 {
  const { elapsed_ms: elapsed, done_bytes: done, all_bytes: all } = fields;
  return {
    type: "progress",
    elapsed_ms: typeof elapsed === "number" ? elapsed : 0,
    ...(typeof done === "number" && typeof all === "number"
      ? { done_bytes: done, all_bytes: all }
      : {}),
  };
}

function parseResult(fields: Readonly<Record<string, unknown>>): MessageV2 {
  if (fields["ok"] === true) return { type: "result", ok: true };
  const { message } = fields;
  if (fields["ok"] !== false || typeof message !== "string") {
    throw new SyntaxError("a result says neither ok nor why not");
  }
  const kind = isRefusalKind(fields["kind"]) ? fields["kind"] : "internal";
  return { type: "result", ok: false, kind, message };
}

function isRefusalKind(value: unknown): value is RefusalKind {
  return typeof value === "string" && Object.hasOwn(FIRST_WORDS, value);
}
