import type { ServerStatus } from "../status/server_status.ts";
import { readDocument } from "./read_document.ts";

/**
 * Reads a status document and works on it.
 * @throws {SyntaxError} when it is none of the version known here; `message` says what it "is".
 */
export function readStatus<T>(document: string, work: (status: ServerStatus) => T): T {
  return readDocument(document, work);
}
