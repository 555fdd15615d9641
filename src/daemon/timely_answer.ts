import { nextTurn } from "../async/turns.ts";
import { log } from "../log/logger.ts";
import type { AnswerEncoder, WorkDone } from "../rpc/answer.ts";
import { Refusal } from "../rpc/refusal.ts";
import type { Request } from "../rpc/request.ts";
import { messageOf, stackOf } from "../text/message_of.ts";
import type { Outbox } from "./outbox.ts";

/** The answer as the code sees it that does what the request asks for. */
export interface Answer {
  /** Adds text for people. */
  text(piece: Uint8Array | string): void;
  /** While the client lags far behind: resolves when it has caught up, or is given up. */
  lag(): Promise<void> | undefined;
  /** Adds text for people in pieces that are made as the client takes them. */
  texts(pieces: Iterable<string>): Promise<void>;
  /** Gives the one JSON document of the answer in pieces that are made as the client takes them. */
  document(pieces: Iterable<string>): Promise<void>;
  /** Says how far the work is, to a client whose protocol has that. */
  progress(done: WorkDone): void;
  /** The work may take longer than answers do, as long as the client is there and hears of it. */
  takesLong(): void;
  /**
   * Fires when the work is to be given up; its reason is the Refusal that the client was answered.
   */
  readonly deadline: AbortSignal;
  /** Fires together with `deadline`, and also when the client has gone. */
  readonly wanted: AbortSignal;
}

/** Does what a request asks for. @throws {Refusal} which becomes the answer. */
export type RequestHandler = (request: Request, answer: Answer) => Promise<void>;

/** How long a request may take. */
export interface AnswerLimits {
  /** Without a byte for the client. */
  readonly silenceMs: number;
  /** In all. */
  readonly totalMs: number;
  /** Between two signs of life, in a protocol that has them. */
  readonly progressMs: number;
}

/** UTF-16 units of a streamed answer that are made and sent at a time. */
const STREAM_UNITS = 32 * 1024;

/** The answer to one request. It ends in time, even if the work does not. */
export class TimelyAnswer implements Answer {
  readonly deadline: AbortSignal;
  readonly wanted: AbortSignal;
  readonly #encoder: AnswerEncoder;
  readonly #outbox: Outbox;
  readonly #giveUp = new AbortController();
  readonly #gone = new AbortController();
  readonly #silence: ReturnType<typeof setTimeout>;
  readonly #total: ReturnType<typeof setTimeout>;
  readonly #progress: ReturnType<typeof setInterval>;
  readonly #startMs = performance.now();
  #isOver = false;

  /** @param limits they count from now on. */
  constructor(encoder: AnswerEncoder, outbox: Outbox, limits: AnswerLimits) {
    this.#encoder = encoder;
    this.#outbox = outbox;
    this.deadline = this.#giveUp.signal;
    this.wanted = AbortSignal.any([this.#giveUp.signal, this.#gone.signal]);
    const abandon = (ms: number): void =>
      this.giveUp(new Refusal("internal", `not done after ${ms / 1000} s, abandoned`));
    this.#silence = setTimeout(() => abandon(limits.silenceMs), limits.silenceMs);
    this.#total = setTimeout(() => abandon(limits.totalMs), limits.totalMs);
    this.#progress = setInterval(
      () => this.#send(encoder.progress(performance.now() - this.#startMs)),
      limits.progressMs,
    );
  }

  /** Has the request done, and ends the answer, which says so when something is thrown. */
  async run(parse: () => Request, handler: RequestHandler): Promise<void> {
    try {
      await handler(parse(), this);
      this.#end(this.#encoder.success());
    } catch (error) {
      this.#end(this.#encoder.failure(toRefusal(error)));
    }
  }

  text(piece: Uint8Array | string): void {
    this.#send(this.#encoder.text(piece));
  }

  progress(done: WorkDone): void {
    this.#send(this.#encoder.progress(performance.now() - this.#startMs, done));
  }

  takesLong(): void {
    clearTimeout(this.#total);
  }

  lag(): Promise<void> | undefined {
    return this.#isOver ? undefined : this.#outbox.lag();
  }

  texts(pieces: Iterable<string>): Promise<void> {
    return this.#stream(pieces, (text) => this.#encoder.text(text));
  }

  document(pieces: Iterable<string>): Promise<void> {
    return this.#stream(pieces, (text) => this.#encoder.document(text));
  }

  /** Nothing is made ahead: a slow client costs no more than what is on its way to it. */
  async #stream(pieces: Iterable<string>, encode: (text: string) => Uint8Array): Promise<void> {
    let text = "";
    for (const piece of pieces) {
      text += piece;
      if (text.length < STREAM_UNITS) continue;
      this.#send(encode(text));
      text = "";
      // Others are served in between, also when the client takes all at once.
      await (this.#outbox.emptied() ?? nextTurn());
      if (this.#isOver || this.#gone.signal.aborted) return;
    }
    this.#send(encode(text));
  }

  /** Answers with a refusal now, and tells the work to stop. */
  giveUp(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#end(this.#encoder.failure(refusal));
    this.#giveUp.abort(refusal);
  }

  /** The client has gone and reads no answer any more. */
  clientGone(): void {
    if (this.#isOver) return;
    this.#gone.abort(new Refusal("internal", "the client is gone"));
  }

  #send(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) return;
    this.#outbox.send(bytes);
    this.#silence.refresh();
  }

  #end(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#total);
    clearInterval(this.#progress);
    this.#outbox.send(bytes);
    this.#outbox.end();
  }
}

/**
 * An error that is no refusal is a fault of the server: the log gets its stack,
 * the client its message.
 */
function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = messageOf(error);
  log.error(`a request failed: ${stackOf(error)}`);
  return new Refusal("internal", message, { cause: error });
}
