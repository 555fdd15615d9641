/** The demo cannot go on; `message` is a sentence for the person who started it. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
