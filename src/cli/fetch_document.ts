import type { Request } from "../rpc/request.ts";
import { formatRequestV2 } from "../rpc/request_v2.ts";
import type { ServerStatus } from "../status/server_status.ts";
import { Connection } from "./connection.ts";
import { readAnswerV2 } from "./read_answer.ts";
import { readStatus } from "./read_status.ts";

/** A server does not give a document; `message` is its line. */
export class DocumentRefused extends Error {
  override readonly name = "DocumentRefused";
}

/**
 * Works on the document that a request has as its answer.
 * @param giveUpMs how long the server may be silent.
 * @param read of its text. @throws {SyntaxError} whose message says what it "is".
 * @throws {NoAnswer | DocumentRefused}
 */
export async function fetchDocument<T>(
  socket: string,
  request: Request,
  giveUpMs: number,
  read: (text: string) => T,
): Promise<T> {
  const connection = await Connection.open(socket, giveUpMs);
  try {
    connection.send(formatRequestV2(request));
    const pieces: string[] = [];
    const outcome = await readAnswerV2(connection, {
      text: () => {},
      document: (text) => {
        pieces.push(text);
      },
    });
    if (!outcome.ok) {
      throw new DocumentRefused(
        outcome.message || "it refused without giving a reason, as it does to anyone but root",
      );
    }
    return read(pieces.join(""));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw connection.noAnswer(`it sent a document that ${cause.message}`);
  } finally {
    connection.close();
  }
}

/** What of a status is wanted. */
export interface StatusWish {
  /** Only this project. */
  readonly project?: string;
  /** Of each task no more than this many rounds, the newest; all that are known if left out. */
  readonly rounds?: number;
}

/**
 * The status of the server of a name, taken now.
 * @throws {NoAnswer | DocumentRefused}
 */
export function fetchStatus(
  socket: string,
  wish: StatusWish,
  giveUpMs: number,
): Promise<ServerStatus> {
  const request = { command: "status", ...wish } as const;
  return fetchDocument(
    socket,
    request,
    giveUpMs,
    (text) => readStatus(text, (status) => status),
  );
}
