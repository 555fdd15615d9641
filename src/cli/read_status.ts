import type { ServerStatus } from "../status/server_status.ts";

/**
 * Reads a status document and works on it.
 * @throws {SyntaxError} when it is none of the version known here; `message` says what it "is".
 */
export function readStatus<T>(document: string, work: (status: ServerStatus) => T): T {
  const status = parseStatus(document);
  try {
    return work(status);
  } catch (cause) {
    // Any process may take a name in the abstract namespace and answer anything, see
    // docs/security.md.
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError("is not what its version says", { cause });
  }
}

function parseStatus(document: string): ServerStatus {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (cause) {
    throw new SyntaxError("is not JSON", { cause });
  }
  const version = typeof value === "object" && value !== null && "version" in value
    ? value.version
    : undefined;
  if (version !== 1) {
    throw new SyntaxError(
      `is of version ${String(version)} where 1 is known, --json prints it as it is`,
    );
  }
  // A version says what is in a document; fields are only ever added to one.
  return value as ServerStatus;
}
