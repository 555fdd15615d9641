import { Output } from "../cli/output.ts";
import { type Line, type Look, renderLine } from "./line.ts";
import { type Key, parseKeys } from "./keys.ts";
import type { Size } from "./scene.ts";

// Control sequences of xterm, which all terminals of today know: the other screen, which keeps the
// user's as it is, and the cursor.
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const CLEAR = "\x1b[H\x1b[2J";
const CLEAR_REST = "\x1b[K";
/** What a terminal has that does not say. */
const DEFAULT_SIZE: Size = { width: 80, height: 24 };

/** What happens at a terminal. */
export interface TerminalEvents {
  readonly key: (key: Key) => void;
  /** The screen has to be drawn: its size has changed, or it is ours again. */
  readonly draw: () => void;
  /** The program is to end. */
  readonly end: () => void;
}

/** Whether both are a terminal. */
export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** The screen of a terminal, from its making to its disposal. */
export class Terminal implements Disposable {
  readonly #output: Output;
  readonly #look: Look;
  readonly #events: TerminalEvents;
  readonly #own = new DisposableStack();
  #shown: string[] = [];
  #isOurs = false;

  /** @param fd of standard output. */
  constructor(fd: number, look: Look, events: TerminalEvents) {
    this.#output = new Output(fd);
    this.#look = look;
    this.#events = events;
    this.#on("SIGWINCH", () => this.#redraw());
    this.#on("SIGTSTP", () => this.suspend());
    this.#on("SIGCONT", () => this.#take());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) this.#on(signal, events.end);
    const read = (bytes: Buffer): void => {
      for (const key of parseKeys(bytes.toString())) events.key(key);
    };
    process.stdin.on("data", read);
    process.stdin.once("end", events.end);
    this.#own.defer(() => {
      process.stdin.off("data", read);
      process.stdin.pause();
    });
  }

  /** Takes the terminal and has its screen drawn. */
  start(): void {
    this.#take();
  }

  #on(signal: NodeJS.Signals, act: () => void): void {
    process.on(signal, act);
    this.#own.defer(() => process.off(signal, act));
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { width: columns, height: rows } : DEFAULT_SIZE;
  }

  /** Shows a screen; of what is there already nothing is written. @throws {OutputError} */
  show(lines: readonly Line[]): void {
    if (!this.#isOurs) return;
    const { width } = this.size;
    const rendered = lines.map((line) => renderLine(line, width, this.#look));
    const changes = rendered.map((line, index) =>
      line === this.#shown[index] ? "" : `\x1b[${index + 1};1H${line}${CLEAR_REST}`
    ).join("");
    this.#shown = rendered;
    if (changes !== "") this.#output.write(changes);
  }

  /** Gives the terminal back and stops this process, until it is told to go on. */
  suspend(): void {
    this.#give();
    process.kill(process.pid, "SIGSTOP");
  }

  /** Draws all of the screen anew. */
  redraw(): void {
    this.#redraw();
  }

  #redraw(): void {
    if (!this.#isOurs) return;
    this.#shown = [];
    this.#output.write(CLEAR);
    this.#events.draw();
  }

  #take(): void {
    process.stdin.setRawMode(true);
    process.stdin.resume();
    this.#isOurs = true;
    this.#output.write(ENTER);
    this.#redraw();
  }

  #give(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.#output.write(LEAVE);
    process.stdin.setRawMode(false);
  }

  /** Leaves the terminal as it was. */
  [Symbol.dispose](): void {
    try {
      this.#give();
    } finally {
      this.#own.dispose();
    }
  }
}
