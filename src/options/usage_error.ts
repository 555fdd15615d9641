/**
 * A command line that cannot be run; `message` is one line that names argument,
 * value and what is allowed.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An argument for a message: in double quotes, with control characters escaped. */
export function quote(argument: string): string {
  return JSON.stringify(argument).replaceAll(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
