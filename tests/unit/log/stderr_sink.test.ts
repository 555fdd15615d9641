import { expect, test } from "bun:test";
import { join } from "node:path";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const STOP = "\x13"; // ^S, VSTOP of termios(3)

/** Logs all the time, and ends at SIGTERM. */
const PROGRAM = `
  import { openStderrSink } from ${
  JSON.stringify(join(import.meta.dir, "../../../src/log/stderr_sink.ts"))
};
  const sink = openStderrSink();
  process.on("SIGTERM", () => process.exit(7));
  let n = 0;
  setInterval(() => sink("info", "line " + n++), 1);
`;

test("openStderrSink() keeps nobody waiting for a terminal that is stopped", async () => {
  let seen = "";
  const program = Bun.spawn([process.execPath, "-e", PROGRAM], {
    terminal: { data: (_terminal, bytes) => void (seen += Buffer.from(bytes).toString()) },
  });
  try {
    await waitFor("a line", () => seen.includes(" info: line 3\r\n"), { firstPauseMs: 1 });
    program.terminal?.write(STOP);
    let before = "";
    await waitFor("the terminal to stop", () => {
      const isQuiet = seen === before;
      before = seen;
      return isQuiet;
    }, { firstPauseMs: 200 });
    program.kill("SIGTERM");
    expect(await Promise.race([program.exited, Bun.sleep(60_000)])).toBe(7);
  } finally {
    program.kill("SIGKILL");
    await program.exited;
    program.terminal?.close();
  }
});
