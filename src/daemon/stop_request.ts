import { log } from "../log/logger.ts";
import { Refusal } from "../rpc/refusal.ts";
import { stackOf } from "../text/message_of.ts";

/** Turns signals, and errors that no code has caught, into the request to end the server. */
export class StopRequest {
  /** Resolves with the exit status once the server is to end: 0 for a signal, 1 for a fault. */
  readonly requested: Promise<number>;
  /** Resolves when a second signal comes: end at once. */
  readonly hurry: Promise<void>;
  /** Fires when the server is to end. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #request: (status: number) => void;
  readonly #hurryUp: () => void;
  #hangUp = (): void => log.debug("SIGHUP is ignored: there is no --conf-dir");

  /** Takes over SIGTERM, SIGINT and SIGHUP. Bun ignores SIGPIPE itself. */
  constructor() {
    const requested = Promise.withResolvers<number>();
    const hurry = Promise.withResolvers<void>();
    this.requested = requested.promise;
    this.hurry = hurry.promise;
    this.signal = this.#abort.signal;
    this.#request = requested.resolve;
    this.#hurryUp = hurry.resolve;
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, () => this.#onSignal(name));
    }
    process.on("SIGHUP", () => this.#hangUp());
    process.on("uncaughtException", (error) => this.fail(error));
    process.on("unhandledRejection", (error) => this.fail(error));
  }

  /** Sets what SIGHUP asks for; until then it is ignored. */
  onHangUp(action: () => void): void {
    this.#hangUp = () => {
      log.info("SIGHUP: looking at the files of --conf-dir");
      action();
    };
  }

  /** Ends the server after a fault that leaves it in an unknown state. */
  fail(error: unknown): void {
    log.error(`fault: ${stackOf(error)}`);
    this.#stop(1);
  }

  #onSignal(name: string): void {
    if (this.signal.aborted) return this.#hurryUp();
    log.info(`${name}: stopping`);
    this.#stop(0);
  }

  #stop(status: number): void {
    if (this.signal.aborted) return;
    this.#request(status);
    this.#abort.abort(new Refusal("internal", "etmemd is stopping"));
  }
}
