/** A value that its key does not take; `message` says why and may be empty where the range says it all. */
export class BadValue extends Error {
  override readonly name = "BadValue";
}
