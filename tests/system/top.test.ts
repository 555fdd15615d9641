import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AnswerEncoderV2 } from "../../src/rpc/answer_v2.ts";
import type { HistogramDocument } from "../../src/status/histogram.ts";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { Tmux } from "../tools/fixtures/tmux.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { FakeServer } from "../unit/cli/fake_server.ts";
import { manyTasks } from "../unit/top/sample_rows.ts";

const MAIN = join(import.meta.dir, "../../main.ts");
const missing = Bun.which("tmux") === null ? "there is no tmux" : undefined;
if (missing !== undefined) console.log(`etmem top: left out: ${missing}`);

const HISTOGRAM: HistogramDocument = {
  version: 1,
  taken_at: "2026-03-01T12:00:00Z",
  project: "p042",
  tasks: [{
    name: "t042",
    engine: "slide",
    interval_us: 1_000_000,
    processes: 1,
    observed_us: 60_000_000,
    swap_in_us: 7,
    memory_bytes: 2 ** 20,
    out_bytes: 0,
    ages: [{
      age_scans: 0,
      age_us: 0,
      bytes: 2 ** 20,
      out_bytes: 0,
      saved_bytes: 12_345 * 2 ** 10,
      returned_bytes_per_minute: 0,
      harm_percent: 0,
    }],
  }],
};

/** A server of which only the status and a histogram are known. */
function serverOf(status: () => ServerStatus, name?: string): FakeServer {
  return new FakeServer({
    asked: (client) => {
      const encoder = new AnswerEncoderV2();
      const document = client.received.includes('"histogram"') ? HISTOGRAM : status();
      client.send(encoder.document(JSON.stringify(document)));
      client.send(encoder.success());
      client.close();
    },
  }, name);
}

/** Types `etmem top` into a shell, which says afterwards how it ended and how the terminal is. */
function startTop(tmux: Tmux, server: string, ...options: string[]): void {
  const words = [process.execPath, MAIN, "top", "-s", server, ...options].join(" ");
  tmux.type(`clear; before=$(stty -g); ${words}; echo "ended with $?, terminal $(
    [ "$(stty -g)" = "$before" ] && echo as before)"`.replaceAll("\n", ""));
}

const ended = (status: number) => (lines: readonly string[]): boolean =>
  lines.some((line) => line.startsWith(`ended with ${status}, terminal as before`));
const has = (text: string) => (lines: readonly string[]): boolean =>
  lines.some((line) => line.includes(text));

describe.skipIf(missing !== undefined)("etmem top on a terminal", () => {
  test("shows 500 tasks on 80x24, grows with the terminal, and leaves it as it was", async () => {
    using server = serverOf(() => manyTasks(500));
    using tmux = new Tmux(80, 24);
    startTop(tmux, server.name);
    const small = await tmux.until("rows", has("p499/t499"));
    expect(small).toHaveLength(24);
    expect(small[0]).toStartWith(`etmem top  ${server.name}  etmemd 1.0.0 up`);
    expect(small[2]).toBe("500 projects, 500 tasks, 500 started");
    expect(small[3]).toMatch(/^PROJECT\/TASK +STATE +RES +MOVED +FREED +BACK +WAIT +AGE LAST$/);
    expect(small.filter((line) => /^p\d{3}\/t\d{3} +pauses/.test(line))).toHaveLength(18);
    expect(small[23]).toStartWith("q quit  h help");
    tmux.resize(200, 60);
    const large = await tmux.until("grown", (lines) => has("p446/t446")(lines));
    expect(large).toHaveLength(60);
    expect(large[59]).toStartWith("q quit");
    tmux.press("End");
    await tmux.until("the last row", has("p000/t000"));
    tmux.resize(80, 24);
    await tmux.until(
      "the last row still",
      (lines) => lines.length === 24 && has("p000/t000")(lines),
    );
    tmux.press("q");
    await tmux.until("ended", ended(0));
  });

  test("filters, sorts, shows a task and the help", async () => {
    using server = serverOf(() => manyTasks(500));
    using tmux = new Tmux(80, 24);
    startTop(tmux, server.name);
    await tmux.until("rows", has("p499/t499"));
    tmux.press("/", "p", "0", "4", "2", "Enter");
    await tmux.until("one row", (lines) => lines[4]!.startsWith("p042/t042") && lines[5] === "");
    tmux.press("Enter");
    await tmux.until("the task", has("p042/slide/t042"));
    tmux.resize(80, 60);
    await tmux.until(
      "its histogram",
      (lines) => has("idle scans")(lines) && has("12.1 MiB")(lines),
    );
    tmux.press("Escape");
    await tmux.until("the table", has("PROJECT/TASK"));
    tmux.press("Escape", "<", "<", "<", "Home");
    await tmux.until("the first by name", (lines) => lines[4]!.startsWith("p000/t000"));
    tmux.press("h");
    await tmux.until("the help", has("reverse the order"));
    tmux.press("C-c");
    await tmux.until("ended", ended(0));
  });

  test("says that the server is gone, and goes on with the next one", async () => {
    using tmux = new Tmux(80, 24);
    let name = "";
    {
      using server = serverOf(() => manyTasks(3));
      name = server.name;
      startTop(tmux, name);
      await tmux.until("rows", has("p002/t002"));
    }
    const gone = await tmux.until("the reason", has("Cannot reach the server"));
    expect(has("p002/t002")(gone)).toBe(true);
    using _again = serverOf(() => manyTasks(5), name);
    await tmux.until(
      "the new server's tasks",
      (lines) => has("p004/t004")(lines) && !has("Cannot reach")(lines),
    );
    tmux.press("q");
    await tmux.until("ended", ended(0));
  });

  test("gives the terminal back while it is suspended, and takes it again", async () => {
    using server = serverOf(() => manyTasks(3));
    using tmux = new Tmux(80, 24);
    startTop(tmux, server.name);
    await tmux.until("rows", has("p002/t002"));
    tmux.press("C-z");
    await tmux.until("stopped", (lines) => has("Stopped")(lines) && !has("p002/t002")(lines));
    tmux.type("clear; [ -t 0 ] && stty -a | grep -o ' icanon'; fg");
    await tmux.until("rows again", has("p002/t002"));
    tmux.press("q");
    const after = await tmux.until("ended", (lines) => !has("p002/t002")(lines));
    expect(has(" icanon")(after)).toBe(true);
  });

  test("leaves the terminal as it was when it is ended by a signal", async () => {
    using server = serverOf(() => manyTasks(3));
    using tmux = new Tmux(80, 24);
    startTop(tmux, server.name);
    await tmux.until("rows", has("p002/t002"));
    const found = Bun.spawnSync(["pgrep", "-f", `top -s ${server.name}`]).stdout.toString();
    const pids = found.trim().split("\n").map(Number);
    process.kill(pids.at(-1)!, "SIGTERM");
    await tmux.until("ended", ended(0));
  });

  test("refuses a wrong project at once", async () => {
    const refuses = new FakeServer({
      asked: (client) => {
        client.send(
          '{"version":2,"type":"result","ok":false,"kind":"noProject","message":"error: project is not exist"}\n',
        );
        client.close();
      },
    });
    using server = refuses;
    using tmux = new Tmux(80, 24);
    startTop(tmux, server.name, "-n", "none");
    await tmux.until("the reason", has("error: project is not exist"));
    await tmux.until("ended", ended(1));
  });
});

test("prints lines where there is no terminal, one a task and interval", async () => {
  using server = serverOf(() => manyTasks(2));
  const top = Bun.spawn([process.execPath, MAIN, "top", "-s", server.name], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of top.stdout) text += decoder.decode(bytes, { stream: true });
  })();
  await waitFor("two intervals", () => text.split("p000/t000").length > 2);
  top.kill("SIGTERM");
  expect(await top.exited).toBe(0);
  await read;
  const lines = text.trimEnd().split("\n");
  expect(lines[0]).toStartWith("TIME     STATE");
  expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d pauses +1G .* p00[01]\/t00[01] +9 processes: had no/);
});
