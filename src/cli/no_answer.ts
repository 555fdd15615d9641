/** The server cannot be reached or stopped answering; `message` is one line that says how. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}
