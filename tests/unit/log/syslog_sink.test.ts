import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SyslogSink } from "../../../src/log/syslog_sink.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const FIXTURE = join(import.meta.dir, "../../tools/fixtures/syslog_sink.c");
/**
 * More than the kernel holds for a reader, whatever net.unix.max_dgram_qlen is,
 * and less than the sink does.
 */
const MANY = 900;

/** What takes the datagrams, and can be stopped from reading. */
class Reader implements AsyncDisposable {
  readonly #output: string;
  readonly #child: Bun.Subprocess;

  private constructor(socket: string, output: string) {
    this.#output = output;
    this.#child = Bun.spawn([compile(FIXTURE), socket], {
      stdio: ["ignore", Bun.file(output), "inherit"],
    });
  }

  static async start(folder: ScratchFolder, output: string): Promise<Reader> {
    const socket = folder.at("log");
    rmSync(socket, { force: true });
    const reader = new Reader(socket, folder.at(output));
    await waitFor("the reader's socket", () => {
      return Bun.spawnSync(["test", "-S", socket]).success;
    });
    return reader;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGSTOP");
    await waitFor("the reader to stop", () => {
      return / T /.test(readFileSync(`/proc/${this.#child.pid}/stat`, "utf8"));
    });
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** What follows the pid in each line. */
  texts(): string[] {
    return readFileSync(this.#output, "utf8").split("\n").slice(0, -1).map((line) => {
      return line.slice(line.indexOf("]: ") + 3);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `line ${i}`);
}

function hourNow(): string {
  const { stdout } = Bun.spawnSync(["date", "+%b %e %H"], { env: { LC_ALL: "C" } });
  return stdout.toString().trim();
}

test("SyslogSink writes the bytes of syslog(3)", async () => {
  using folder = new ScratchFolder();
  await using reader = await Reader.start(folder, "output");
  const before = hourNow();
  new SyslogSink(folder.at("log")).write("warning", "ä line");
  await waitFor("the line", () => reader.texts().length === 1);
  const text = readFileSync(folder.at("output"), "utf8");
  expect(text).toMatch(/^<12>\w{3} [ \d]\d \d\d:\d\d:\d\d \[etmemd\] \[\d+\]: ä line\n$/);
  expect(text).toContain(`[${process.pid}]`);
  // The hour may have ended meanwhile.
  expect([before, hourNow()]).toContain(text.slice(4, 13));
});

test("SyslogSink keeps lines for a reader that does not read, and sends them in order when it does", async () => {
  using folder = new ScratchFolder();
  await using reader = await Reader.start(folder, "output");
  await reader.stop();
  const sink = new SyslogSink(folder.at("log"));
  for (const line of numbered(MANY)) sink.write("info", line);
  expect(reader.texts()).toEqual([]);
  reader.goOn();
  await waitFor("all lines", () => reader.texts().length >= MANY);
  expect(reader.texts()).toEqual(numbered(MANY));
});

test("SyslogSink says how many lines were lost when there were too many", async () => {
  using folder = new ScratchFolder();
  await using reader = await Reader.start(folder, "output");
  await reader.stop();
  const sink = new SyslogSink(folder.at("log"));
  const count = 20_000;
  for (const line of numbered(count)) sink.write("info", line);
  reader.goOn();
  const loss = /^(\d+) lines of log were lost: /;
  const texts = await waitFor("the loss in the log", () => {
    return reader.texts().some((text) => loss.test(text)) ? reader.texts() : undefined;
  });
  const taken = texts.findIndex((text) => loss.test(text));
  expect(texts.slice(0, taken)).toEqual(numbered(taken));
  expect(Number(loss.exec(texts[taken] ?? "")?.[1])).toBe(count - taken);
});

test("SyslogSink takes up a reader that comes late, and one that started anew", async () => {
  using folder = new ScratchFolder();
  const sink = new SyslogSink(folder.at("log"));
  sink.write("info", "before there is a reader");
  {
    await using first = await Reader.start(folder, "first");
    await waitFor("the first line", () => first.texts().length === 1);
    expect(first.texts()).toEqual(["before there is a reader"]);
  }
  sink.write("info", "while there is none");
  await using second = await Reader.start(folder, "second");
  await waitFor("the second line", () => second.texts().length === 1);
  sink.write("info", "to the second");
  await waitFor("the third line", () => second.texts().length === 2);
  expect(second.texts()).toEqual(["while there is none", "to the second"]);
});

test("drain() sends what waits, and ends when nobody reads", async () => {
  using folder = new ScratchFolder();
  await using reader = await Reader.start(folder, "output");
  await reader.stop();
  const sink = new SyslogSink(folder.at("log"));
  for (const line of numbered(MANY)) sink.write("info", line);
  const startMs = performance.now();
  await sink.drain(50);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(50);
  reader.goOn();
  await sink.drain(20_000);
  await waitFor("all lines", () => reader.texts().length >= MANY);
  expect(reader.texts()).toEqual(numbered(MANY));
});
