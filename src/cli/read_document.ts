/**
 * Reads a document of version 1 and works on it.
 * @throws {SyntaxError} when it is none of the version known here; `message` says what it "is".
 */
export function readDocument<T>(text: string, work: (document: never) => T): T {
  const document = parseDocument(text);
  try {
    // A version says what is in a document; fields are only ever added to one.
    return work(document as never);
  } catch (cause) {
    // Any process may take a name in the abstract namespace and answer anything, see
    // docs/security.md.
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError("is not what its version says", { cause });
  }
}

function parseDocument(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
  return value;
}
