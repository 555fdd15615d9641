import { formatRequestV2 } from "../rpc/request_v2.ts";
import type { ServerStatus } from "../status/server_status.ts";
import { Connection } from "./connection.ts";
import { readAnswerV2 } from "./read_answer.ts";
import { readStatus } from "./read_status.ts";

/** What of a status is wanted. */
export interface StatusWish {
  /** Only this project. */
  readonly project?: string;
  /** Of each task no more than this many rounds, the newest; all that are known if left out. */
  readonly rounds?: number;
}

/** A server does not give its status; `message` is its line. */
export class StatusRefused extends Error {
  override readonly name = "StatusRefused";
}

/**
 * The status of the server of a name, taken now.
 * @param giveUpMs how long the server may be silent.
 * @throws {NoAnswer | StatusRefused}
 */
export async function fetchStatus(
  socket: string,
  wish: StatusWish,
  giveUpMs: number,
): Promise<ServerStatus> {
  const connection = await Connection.open(socket, giveUpMs);
  try {
    connection.send(formatRequestV2({ command: "status", ...wish }));
    const pieces: string[] = [];
    const outcome = await readAnswerV2(connection, {
      text: () => {},
      document: (text) => {
        pieces.push(text);
      },
    });
    if (!outcome.ok) {
      throw new StatusRefused(
        outcome.message || "it refused without giving a reason, as it does to anyone but root",
      );
    }
    return readStatus(pieces.join(""), (status) => status);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw connection.noAnswer(`it sent a document that ${cause.message}`);
  } finally {
    connection.close();
  }
}
