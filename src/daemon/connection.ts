import { AnswerEncoderV1 } from "../rpc/answer_v1.ts";
import { AnswerEncoderV2 } from "../rpc/answer_v2.ts";
import { LineReader, MAX_LINE_BYTES } from "../rpc/line_reader.ts";
import { Refusal } from "../rpc/refusal.ts";
import type { Request } from "../rpc/request.ts";
import { parseRequestV1 } from "../rpc/request_v1.ts";
import { FIRST_BYTE_V2, parseRequestV2 } from "../rpc/request_v2.ts";
import { type AnswerLimits, type RequestHandler, TimelyAnswer } from "./timely_answer.ts";
import { Outbox, type OutboxLimits, type Writable } from "./outbox.ts";

/** The limits of one client. */
export interface ConnectionLimits extends AnswerLimits, OutboxLimits {
  /** From connecting to the end of the request. */
  readonly requestMs: number;
}

/**
 * One client: reads its request, which is the first read for v1 and a line for v2, and has it
 * answered. Its limits count from the connection on, so that no client lasts for ever.
 */
export class Connection {
  readonly #outbox: Outbox;
  readonly #limits: ConnectionLimits;
  readonly #handler: RequestHandler;
  readonly #requestTimer: ReturnType<typeof setTimeout>;
  #lines: LineReader | undefined;
  #answer: TimelyAnswer | undefined;
  #excessBytes = 0;

  constructor(socket: Writable, handler: RequestHandler, limits: ConnectionLimits) {
    this.#outbox = new Outbox(socket, limits);
    this.#handler = handler;
    this.#limits = limits;
    this.#requestTimer = setTimeout(() => this.#outbox.close(), limits.requestMs);
  }

  /** Takes what one read returned. */
  data(bytes: Uint8Array): void {
    if (this.#answer !== undefined) {
      // One request a connection: what follows is ignored, within reason.
      this.#excessBytes += bytes.length;
      if (this.#excessBytes > MAX_LINE_BYTES) this.#outbox.close();
    } else if (this.#lines !== undefined || bytes[0] === FIRST_BYTE_V2) {
      this.#line(bytes);
    } else {
      this.#serve(new AnswerEncoderV1(), () => parseRequestV1(bytes));
    }
  }

  /** The client sends nothing more; it may still read. */
  end(): void {
    if (this.#answer !== undefined) return;
    if (this.#lines === undefined) return this.#outbox.close();
    this.#refuse(new Refusal("invalid", "the request ends without a newline"));
  }

  /** The kernel takes bytes again. */
  drain(): void {
    this.#outbox.drain();
  }

  /** The connection is closed, by either side. */
  closed(): void {
    clearTimeout(this.#requestTimer);
    this.#outbox.close();
    this.#answer?.clientGone();
  }

  /** The server ends: refuses the request that is being worked on, and closes the connection. */
  shutDown(refusal: Refusal): void {
    this.#answer?.giveUp(refusal);
    this.#outbox.close();
  }

  #line(bytes: Uint8Array): void {
    this.#lines ??= new LineReader();
    let line: Uint8Array | undefined;
    try {
      [line] = this.#lines.push(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#refuse(new Refusal("invalid", error.message, { cause: error }));
    }
    if (line === undefined) return;
    const request = line;
    this.#serve(new AnswerEncoderV2(), () => parseRequestV2(request));
  }

  #refuse(refusal: Refusal): void {
    this.#serve(new AnswerEncoderV2(), () => {
      throw refusal;
    });
  }

  #serve(encoder: AnswerEncoderV1 | AnswerEncoderV2, parse: () => Request): void {
    clearTimeout(this.#requestTimer);
    const answer = new TimelyAnswer(encoder, this.#outbox, this.#limits);
    this.#answer = answer;
    void answer.run(parse, this.#handler);
  }
}
