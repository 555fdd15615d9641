/** How the value of a key is written, and what the running code gets for it. */
export interface ValueForm<T> {
  /** Completes "allowed is ...", for messages and manuals. */
  readonly allowed: string;
  /**
   * Reads the text after `=`, escapes and all; remarks on an accepted value go to `warn`.
   * @throws {BadValue}
   */
  readonly read: (raw: string, warn: (remark: string) => void) => T;
}

/** A value that its key does not take; `message` says why, and ValueForm.allowed what it takes. */
export class BadValue extends Error {
  override readonly name = "BadValue";
}

/** A word of the original program that this one does not have. */
export class UnsupportedValue extends BadValue {
  constructor() {
    super("not supported by this version");
  }
}
