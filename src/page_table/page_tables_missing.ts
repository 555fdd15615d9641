/** Page tables cannot be read here; the message says why, as `missing()` of a tracker does. */
export class PageTablesMissing extends Error {
  override readonly name = "PageTablesMissing";
}
