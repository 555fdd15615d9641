/** The engine, or what was asked of it, is not right; `message` is one line for the client. */
export class HostRefusal extends Error {
  override readonly name = "HostRefusal";
}
