import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { ProgressLine } from "../../../src/cli/progress_line.ts";
import { AnswerEncoderV2 } from "../../../src/rpc/answer_v2.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

import { FakeServer } from "./fake_server.ts";

const GIB = 2 ** 30;

test("ProgressLine writes over its line on a terminal, and takes it away", () => {
  // One end of a new terminal shows what is written to the other.
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    "script",
    "-qec",
    `${process.execPath} -e '
      const { ProgressLine } = await import("${import.meta.dir}/../../../src/cli/progress_line.ts");
      const line = new ProgressLine(2);
      line.show(${GIB / 4}, ${GIB});
      line.show(${GIB}, ${GIB});
      line.clear();
      line.clear();'`,
    "/dev/null",
  ], { stdin: "ignore" });
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
  const clear = "\r\x1b[K";
  expect(stdout.toString()).toBe(
    `${clear}256 MiB of 1 GiB (25 %)${clear}1 GiB of 1 GiB (100 %)${clear}`,
  );
});

test("ProgressLine writes nothing to a file", () => {
  using folder = new ScratchFolder();
  const fd = openSync(folder.at("out"), "w");
  const line = new ProgressLine(fd);
  line.show(1, 2);
  line.clear();
  closeSync(fd);
  expect(readFileSync(folder.at("out"), "utf8")).toBe("");
});

test("runClient() takes the line away before it shows a document", async () => {
  using server = new FakeServer({
    asked: (client) => {
      const encoder = new AnswerEncoderV2();
      client.send(encoder.progress(1, { doneBytes: 1, allBytes: 2 }));
      client.send(encoder.document(JSON.stringify({ version: 1, project: "p", tasks: [] })));
      client.send(encoder.success());
      client.close();
    },
  });
  const script = `
    const { runClient } = await import("${import.meta.dir}/../../../src/cli/run_client.ts");
    process.exit(await runClient(["histogram", "-n", "p", "-s", "${server.name}"]));`;
  const child = Bun.spawn(["script", "-qec", `${process.execPath} -e '${script}'`, "/dev/null"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const clear = "\r\x1b[K";
  expect(await child.stdout.text()).toBe(
    `${clear}1 B of 2 B (50 %)${clear}project p\r\n  no task\r\n`,
  );
  expect(await child.exited).toBe(0);
});
