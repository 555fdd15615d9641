import type { ServerStatus } from "../../src/status/server_status.ts";
import { ask, STATUS_V2 } from "./raw_client.ts";

interface Message {
  readonly type: string;
  readonly text?: string;
}

/**
 * What `etmem status --json` shows, without a process of its own. @throws {Error} with the refusal.
 */
export async function askStatus(socket: string): Promise<ServerStatus> {
  const answer = await ask(socket, STATUS_V2);
  const messages = answer.trim().split("\n").map((line) => JSON.parse(line) as Message);
  const pieces = messages.filter(({ type }) => type === "document").map(({ text }) => text ?? "");
  if (pieces.length === 0) throw new Error(`no status: ${answer}`);
  return JSON.parse(pieces.join("")) as ServerStatus;
}
