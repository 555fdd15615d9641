/** The part of a socket that an Outbox uses. */
export interface Writable {
  /** @returns how many bytes the kernel took; below 0: the connection is gone. */
  write(bytes: Uint8Array): number;
  /** Closes at once; what the kernel took still reaches the peer. */
  terminate(): void;
}

/** What a client that does not read may cost the server. */
export interface OutboxLimits {
  /** Bytes kept for it. */
  readonly maxQueuedBytes: number;
  /** How long it may take nothing. */
  readonly stuckMs: number;
}

/**
 * The bytes that are still to be sent to one client. Sending never blocks: bytes that the kernel
 * does not take are kept until drain(). A client that takes nothing for too long,
 * or lags too far behind, is dropped.
 */
export class Outbox {
  readonly #socket: Writable;
  readonly #limits: OutboxLimits;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #stuck: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when the client has caught up. */
  #lag: PromiseWithResolvers<void> | undefined;
  /** Resolves when nothing waits to be sent. */
  #emptied: PromiseWithResolvers<void> | undefined;
  #state: "open" | "ending" | "closed" = "open";

  constructor(socket: Writable, limits: OutboxLimits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** Sends bytes after those that wait; they must not change any more. */
  send(bytes: Uint8Array): void {
    if (this.#state !== "open" || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#stuck === undefined) this.#flush();
    if (this.#queuedBytes > this.#limits.maxQueuedBytes) this.close();
  }

  /**
   * Undefined while little waits to be sent. Else it resolves when most of it is sent,
   * or nothing more can be.
   */
  lag(): Promise<void> | undefined {
    if (this.#state !== "open" || this.#queuedBytes < this.#limits.maxQueuedBytes / 4) {
      return undefined;
    }
    this.#lag ??= Promise.withResolvers();
    return this.#lag.promise;
  }

  /**
   * Undefined while nothing waits to be sent. Else it resolves when all is sent,
   * or nothing more can be.
   */
  emptied(): Promise<void> | undefined {
    if (this.#state !== "open" || this.#queue.length === 0) return undefined;
    this.#emptied ??= Promise.withResolvers();
    return this.#emptied.promise;
  }

  /** Closes the connection once everything is sent. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#lag?.resolve();
    this.#emptied?.resolve();
    if (this.#queue.length === 0) this.close();
  }

  /** To be called when the kernel takes bytes again. */
  drain(): void {
    if (this.#state !== "closed" && this.#queue.length > 0) this.#flush();
  }

  /** Drops what waits and closes the connection. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#stuck);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#lag?.resolve();
    this.#emptied?.resolve();
    this.#socket.terminate();
  }

  #flush(): void {
    let isMoving = false;
    for (let bytes = this.#queue[0]; bytes !== undefined; bytes = this.#queue[0]) {
      const taken = this.#socket.write(bytes);
      if (taken < 0) return this.close();
      this.#queuedBytes -= taken;
      isMoving ||= taken > 0;
      if (taken < bytes.length) {
        this.#queue[0] = bytes.subarray(taken);
        return this.#await(isMoving);
      }
      this.#queue.shift();
    }
    clearTimeout(this.#stuck);
    this.#stuck = undefined;
    this.#caughtUp();
    this.#emptied?.resolve();
    this.#emptied = undefined;
    if (this.#state === "ending") this.close();
  }

  #caughtUp(): void {
    this.#lag?.resolve();
    this.#lag = undefined;
  }

  #await(isMoving: boolean): void {
    if (this.#queuedBytes < this.#limits.maxQueuedBytes / 8) this.#caughtUp();
    if (this.#stuck === undefined) {
      this.#stuck = setTimeout(() => this.close(), this.#limits.stuckMs);
    } else if (isMoving) {
      this.#stuck.refresh();
    }
  }
}
