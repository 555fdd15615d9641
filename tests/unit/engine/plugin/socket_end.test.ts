import { expect, test } from "bun:test";
import { socketPair } from "../../../../ffi/unix_socket.ts";
import { SocketEnd } from "../../../../src/engine/plugin/socket_end.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";

test("send() sends all of it in order when the kernel takes a part at a time", async () => {
  const [ours, theirs] = socketPair();
  let got = "";
  const reader = await SocketEnd.open(
    theirs,
    (bytes) => void (got += Buffer.from(bytes).toString()),
  );
  const writer = await SocketEnd.open(ours, () => undefined);
  const texts = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(300_000));
  for (const text of texts) writer.send(text);
  await waitFor("all of it to arrive", () => got.length === 6_000_000, { firstPauseMs: 1 });
  expect(got === texts.join("")).toBe(true);
  writer.close();
  await reader.closed;
  writer.send("to nobody");
  reader.close();
});
