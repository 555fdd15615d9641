import * as fc from "fast-check";
import { Connection, type ConnectionLimits } from "../../../../src/daemon/connection.ts";
import { RecordingSocket } from "../../../unit/daemon/recording_socket.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const LIMITS: ConnectionLimits = {
  requestMs: 60_000,
  silenceMs: 60_000,
  totalMs: 60_000,
  progressMs: 60_000,
  maxQueuedBytes: 1 << 20,
  stuckMs: 60_000,
};
const SHOW = "proj_name - file_name - cmd 4 eng_name - eng_cmd - task_name -";
const SHOW_V2 = '{"version":2,"command":"project_show"}\n';
/** Stands between two reads. */
const CUT = 0xff;

/** What a client sends, in reads as they may come. */
const reads = fc.array(
  fc.oneof(
    fc.constantFrom(
      SHOW,
      SHOW_V2,
      "{",
      "}\n",
      "\n",
      " ",
      "{".repeat(40_000),
      "x".repeat(600),
      "\0",
    ),
    fc.string({ maxLength: 20 }),
  ),
  { minLength: 1, maxLength: 6 },
).map((parts) => Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from([CUT])])));

/**
 * The server's end of a connection, whatever is sent in whatever pieces: no exception, at most one
 * request, and an answer that ends as the protocol says.
 */
export const CONNECTION: FuzzTarget = {
  name: "connection",
  sources: ["src/daemon/connection.ts", "src/rpc/line_reader.ts", "src/rpc/answer_v1.ts"],
  inputs: reads,
  tokens: [...tokensOf(SHOW, SHOW_V2, "{", "}", "\n", '"version":2,', "\0"), Buffer.from([CUT])],
  check(input) {
    const socket = new RecordingSocket();
    let requests = 0;
    const connection = new Connection(socket, (_request, answer) => {
      requests++;
      answer.text("done\n");
      return Promise.resolve();
    }, LIMITS);
    let start = 0;
    for (let end = input.indexOf(CUT); end >= 0; end = input.indexOf(CUT, start)) {
      if (end > start) connection.data(input.slice(start, end));
      start = end + 1;
    }
    connection.end();
    connection.closed();
    if (requests > 1) throw new Error(`${requests} requests were taken`);
    const { sent } = socket;
    if (sent === "" || (requests === 1 && sent.includes("done"))) return;
    const isV1 = /^error: [^\n]*\[failed\]$/.test(sent);
    const isV2 = /^\{"version":2,"type":"result","ok":false,[^\n]*\}\n$/.test(sent);
    if (!isV1 && !isV2) throw new Error(`it was answered ${JSON.stringify(sent)}`);
  },
};
