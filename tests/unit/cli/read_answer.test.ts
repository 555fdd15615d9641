import { describe, expect, test } from "bun:test";
import { Connection } from "../../../src/cli/connection.ts";
import { readAnswerV1, readAnswerV2 } from "../../../src/cli/read_answer.ts";
import { AnswerEncoderV1 } from "../../../src/rpc/answer_v1.ts";
import { AnswerEncoderV2 } from "../../../src/rpc/answer_v2.ts";
import { FakeServer } from "./fake_server.ts";

describe("readAnswerV1() and readAnswerV2()", () => {
  const giveUpMs = 400;
  const versions = [
    ["v1", readAnswerV1, new AnswerEncoderV1()],
    ["v2", readAnswerV2, new AnswerEncoderV2()],
  ] as const;
  for (const [version, readAnswer, encoder] of versions) {
    test(`do not count the time that printing takes as silence of the server (${version})`, async () => {
      using server = new FakeServer({
        connected: (client) => {
          client.send(encoder.text("a\n"));
          setTimeout(() => client.send(encoder.success()), giveUpMs * 2);
        },
      });
      const connection = await Connection.open(server.name, giveUpMs);
      const outcome = await readAnswer(connection, {
        text: (text) => {
          if (text.length > 0) Bun.sleepSync(giveUpMs * 1.5);
        },
        document: () => {},
      });
      expect(outcome).toEqual({ ok: true });
      connection.close();
    });
  }
});
