import type { Reason } from "../reason/reasons.ts";

/** Page tables cannot be read here; the message says why, as `missing()` of a tracker does. */
export class PageTablesMissing extends Error {
  override readonly name = "PageTablesMissing";

  readonly reason: Reason;

  constructor(reason: Reason, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}
