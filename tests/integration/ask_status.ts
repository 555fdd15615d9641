import type { ServerStatus } from "../../src/rpc/status.ts";
import { ask } from "./raw_client.ts";

const REQUEST = '{"version":2,"command":"status"}\n';

interface Message {
  readonly type: string;
  readonly text?: string;
}

/** What `etmem status --json` shows, without a process of its own. */
export async function askStatus(socket: string): Promise<ServerStatus> {
  const lines = (await ask(socket, REQUEST)).trim().split("\n");
  const messages = lines.map((line) => JSON.parse(line) as Message);
  const pieces = messages.filter(({ type }) => type === "document").map(({ text }) => text ?? "");
  return JSON.parse(pieces.join("")) as ServerStatus;
}
