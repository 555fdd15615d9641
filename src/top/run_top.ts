import type { ServerStatus } from "../status/server_status.ts";
import { messageOf } from "../text/message_of.ts";
import { History } from "./history.ts";
import type { Key } from "./keys.ts";
import type { Look } from "./line.ts";
import { bodyHeight, type Scene, type TaskHistogramText } from "./scene.ts";
import { screenLines } from "./screen_lines.ts";
import { type TaskRow, taskRows } from "./task_row.ts";
import { Terminal } from "./terminal.ts";
import { ViewState } from "./view_state.ts";

/** Rounds of each task that are shown: the one that runs and the last that has ended. */
export const ROUNDS_SHOWN = 2;

/** A histogram changes with the scans, and costs the server more than a status. */
const HISTOGRAM_MS = 5000;

/** What `etmem top` is to show. */
export interface TopSettings {
  /** Name of the server's socket. */
  readonly socket: string;
  /** Asks the server. @throws when it does not answer. */
  readonly fetch: () => Promise<ServerStatus>;
  /** Asks for the histogram of a task as text of so many columns. @throws as `fetch`. */
  readonly histogram: (row: TaskRow, columns: number) => Promise<string>;
  readonly delaySeconds: number;
  readonly look: Look;
  /** Descriptor of standard output. */
  readonly stdout: number;
}

/** The screen of `etmem top`, until a key or a signal ends it. @throws {OutputError} */
export async function runTop(settings: TopSettings): Promise<void> {
  using top = new Top(settings);
  await top.run();
}

class Top implements Disposable {
  readonly #settings: TopSettings;
  readonly #terminal: Terminal;
  readonly #state = new ViewState();
  readonly #history = new History();
  readonly #ended = Promise.withResolvers<void>();
  #wake: () => void = () => {};
  #isEnded = false;
  #status: ServerStatus | undefined;
  #gone: string | undefined;
  #cpuPercent: number | undefined;
  #histogram: TaskHistogramText | undefined;
  #histogramDueMs = 0;

  constructor(settings: TopSettings) {
    this.#settings = settings;
    this.#terminal = new Terminal(settings.stdout, settings.look, {
      key: (key) => this.#guarded(() => this.#press(key)),
      draw: () => this.#guarded(() => this.#draw()),
      end: () => this.#end(),
    });
  }

  async run(): Promise<void> {
    this.#terminal.start();
    await Promise.race([
      this.#refreshUntilEnd().then(() => this.#ended.promise),
      this.#ended.promise,
    ]);
  }

  async #refreshUntilEnd(): Promise<void> {
    while (!this.#isEnded) {
      if (!this.#state.isHeld) await this.#refresh();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, this.#settings.delaySeconds * 1000);
      await promise;
      clearTimeout(timer);
    }
  }

  async #refresh(): Promise<void> {
    try {
      const status = await this.#settings.fetch();
      this.#cpuPercent = cpuPercent(this.#status, status);
      this.#status = status;
      this.#gone = undefined;
      const { pid, started_at: startedAt } = status.server;
      this.#history.add(taskRows(status), `${pid} ${startedAt}`, performance.now() / 1000);
    } catch (error) {
      this.#gone = `${messageOf(error)}; it is asked again`;
    }
    this.#draw();
    await this.#refreshHistogram();
  }

  /** Of the task whose view is shown. */
  async #refreshHistogram(): Promise<void> {
    const row = this.#state.selected?.row;
    if (this.#state.view !== "task" || row === undefined || this.#gone !== undefined) return;
    const now = performance.now();
    if (this.#histogram?.key === row.key && now < this.#histogramDueMs) return;
    this.#histogramDueMs = now + HISTOGRAM_MS;
    const text = await this.#settings.histogram(row, this.#terminal.size.width).catch(messageOf);
    this.#histogram = { key: row.key, text };
    this.#draw();
  }

  #draw(): void {
    if (this.#isEnded) return;
    if (this.#status !== undefined) this.#state.show(taskRows(this.#status));
    this.#terminal.show(screenLines(this.#scene(), this.#terminal.size));
  }

  #scene(): Scene {
    return {
      socket: this.#settings.socket,
      history: this.#history,
      state: this.#state,
      look: this.#settings.look,
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(this.#gone === undefined ? {} : { gone: this.#gone }),
      ...(this.#histogram === undefined ? {} : { histogram: this.#histogram }),
      ...(this.#cpuPercent === undefined ? {} : { serverCpuPercent: this.#cpuPercent }),
    };
  }

  #press(key: Key): void {
    switch (this.#state.press(key, bodyHeight(this.#terminal.size))) {
      case "quit":
        return this.#end();
      case "suspend":
        return this.#terminal.suspend();
      case "redraw":
        return this.#terminal.redraw();
      case "refresh":
        this.#wake();
        break;
      case undefined:
    }
    this.#draw();
    if (key === "enter") this.#wake();
  }

  /** An error in what a terminal brings ends the program, as one of the loop does. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#isEnded = true;
      this.#ended.reject(error);
    }
  }

  #end(): void {
    this.#isEnded = true;
    this.#ended.resolve();
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#wake();
    this.#terminal[Symbol.dispose]();
  }
}

/** CPU time between two statuses of one server, in percent of one CPU. */
function cpuPercent(before: ServerStatus | undefined, now: ServerStatus): number | undefined {
  const { server } = now;
  if (before === undefined || before.server.started_at !== server.started_at) return undefined;
  const passed = server.up_us - before.server.up_us;
  return passed <= 0 ? undefined : 100 * (server.cpu_us - before.server.cpu_us) / passed;
}
