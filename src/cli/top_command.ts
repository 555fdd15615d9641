import { messageOf } from "../text/message_of.ts";
import { rowTexts, titleText } from "../top/plain_lines.ts";
import { ROUNDS_SHOWN, runTop } from "../top/run_top.ts";
import { taskRows } from "../top/task_row.ts";
import { isTerminal } from "../top/terminal.ts";
import type { ClientSurroundings } from "./command.ts";
import { fetchDocument, fetchStatus } from "./fetch_document.ts";
import { formatHistogram } from "./format_histogram.ts";
import type { Outcome } from "./read_answer.ts";
import { isUtf8 } from "./terminal_style.ts";

/** What the command line of `etmem top` says. */
export interface TopOptions {
  readonly socket: string;
  readonly project?: string;
  readonly delaySeconds: number;
  /** Print lines, also on a terminal. */
  readonly lines: boolean;
}

/** `etmem top`: shows what tasks do, until a key or a signal ends it. @throws {OutputError} */
export async function showTop(
  { socket, project, delaySeconds, lines }: TopOptions,
  surroundings: ClientSurroundings,
): Promise<Outcome> {
  const wish = { rounds: ROUNDS_SHOWN, ...(project === undefined ? {} : { project }) };
  const fetch = () => fetchStatus(socket, wish, surroundings.giveUpMs);
  // A wrong name is said at once, and not on a screen that stays empty.
  await fetch();
  if (lines || !isTerminal()) {
    await printLines(fetch, delaySeconds, surroundings);
    return { ok: true };
  }
  const { env } = process;
  const unicode = isUtf8(env);
  await runTop({
    socket,
    fetch,
    histogram: (row, columns) =>
      fetchDocument(
        socket,
        { command: "histogram", project: row.project, task: row.task },
        surroundings.giveUpMs,
        (text) => formatHistogram(text, { columns, isUtf8: unicode }),
      ),
    delaySeconds,
    look: { colour: (env["NO_COLOR"] ?? "") === "", unicode },
    stdout: surroundings.stdout,
  });
  return { ok: true };
}

async function printLines(
  fetch: () => ReturnType<typeof fetchStatus>,
  delaySeconds: number,
  { print, complain }: ClientSurroundings,
): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<"ended">();
  const stop = (): void => end("ended");
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  print(titleText());
  let passed: unknown;
  while (passed !== "ended") {
    try {
      const status = await fetch();
      const time = new Date().toTimeString().slice(0, "hh:mm:ss".length);
      print(rowTexts(taskRows(status), time));
    } catch (error) {
      if (!(error instanceof Error) || error.name === "OutputError") throw error;
      complain(`etmem top: ${messageOf(error)}; it is asked again`);
    }
    passed = await Promise.race([Bun.sleep(delaySeconds * 1000), ended]);
  }
}
