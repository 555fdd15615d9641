import { COLUMNS, nameColumn, sortRows } from "./columns.ts";
import type { Key } from "./keys.ts";
import type { TaskRow } from "./task_row.ts";

/** What the screen shows. */
export type View = "table" | "task" | "help";

/** Columns that a table can be sorted by, in the order in which `s` goes through them. */
const SORTED = [nameColumn(0), ...COLUMNS];
const MOVED = SORTED.findIndex(({ title }) => title === "MOVED");

/** What a key asks of the program, and not of the view. */
export type Wish = "quit" | "suspend" | "redraw" | "refresh" | undefined;

/** Which rows are shown, in which order, and what is selected. */
export class ViewState {
  view: View = "table";
  /** Rows whose name has this in it; undefined while there is no filter. */
  filter = "";
  /** The filter is being typed. */
  isTyping = false;
  /** The screen stands still. */
  isHeld = false;
  /** Lines of the view that are above the screen. */
  scroll = 0;
  #sorted = MOVED;
  #reverse = false;
  #selected: string | undefined;
  #rows: readonly TaskRow[] = [];

  /** The rows that are shown, in their order. */
  get rows(): readonly TaskRow[] {
    return this.#rows;
  }

  /** The title of the column that the rows are sorted by. */
  get sortedBy(): string {
    return SORTED[this.#sorted]?.title ?? "";
  }

  /** The selected row, and where it is. */
  get selected(): { readonly row: TaskRow; readonly index: number } | undefined {
    const index = Math.max(0, this.#rows.findIndex(({ key }) => key === this.#selected));
    const row = this.#rows[index];
    return row === undefined ? undefined : { row, index };
  }

  /** Takes in the rows of a new status. */
  show(rows: readonly TaskRow[]): void {
    const sorted = SORTED[this.#sorted] ?? nameColumn(0);
    const wanted = this.filter.toLowerCase();
    const found = rows.filter(({ project, engine, task }) =>
      `${project}/${engine}/${task}`.toLowerCase().includes(wanted)
    );
    this.#rows = sortRows(found, sorted, this.#reverse);
  }

  /** Does what a key asks for. @param page lines of a screen. @returns what is left to do. */
  press(key: Key, page: number): Wish {
    if (key === "interrupt") return "quit";
    if (key === "suspend") return "suspend";
    if (key === "redraw") return "redraw";
    if (this.isTyping) return this.#type(key);
    if (typeof key === "object") return this.#command(key.text);
    if (this.view === "table") this.#move(key, page);
    else this.#scroll(key, page);
    return undefined;
  }

  #type(key: Key): Wish {
    if (typeof key === "object") this.filter += key.text;
    else if (key === "backspace") this.filter = Array.from(this.filter).slice(0, -1).join("");
    else if (key === "enter") this.isTyping = false;
    else if (key === "escape") {
      this.isTyping = false;
      this.filter = "";
    }
    return undefined;
  }

  #command(letter: string): Wish {
    switch (letter) {
      case "q":
        if (this.view === "table") return "quit";
        this.#open("table");
        return undefined;
      case "h":
      case "?":
        this.#open(this.view === "help" ? "table" : "help");
        return undefined;
      case "s":
      case ">":
        this.#sort(1);
        return undefined;
      case "<":
        this.#sort(-1);
        return undefined;
      case "r":
        this.#reverse = !this.#reverse;
        return undefined;
      case "/":
        this.#open("table");
        this.isTyping = true;
        return undefined;
      case "p":
        this.isHeld = !this.isHeld;
        return undefined;
      case " ":
        return "refresh";
      case "k":
      case "j":
        return this.press(letter === "k" ? "up" : "down", 1);
      default:
        return undefined;
    }
  }

  #sort(step: number): void {
    this.#sorted = (this.#sorted + step + SORTED.length) % SORTED.length;
  }

  #open(view: View): void {
    this.view = view;
    this.scroll = 0;
  }

  #move(key: Exclude<Key, object>, page: number): void {
    if (key === "enter" && this.#rows.length > 0) this.#open("task");
    if (key === "escape") this.filter = "";
    const last = this.#rows.length - 1;
    const at = this.selected?.index ?? 0;
    const to = stepOf(key, at, page, last);
    this.#selected = this.#rows[to]?.key;
  }

  #scroll(key: Exclude<Key, object>, page: number): void {
    if (key === "enter" || key === "escape" || key === "backspace") this.#open("table");
    else this.scroll = stepOf(key, this.scroll, page, Number.MAX_SAFE_INTEGER);
  }
}

/** Where a key leads from a position between 0 and `last`. */
function stepOf(key: Exclude<Key, object>, at: number, page: number, last: number): number {
  const steps: Partial<Record<Exclude<Key, object>, number>> = {
    up: -1,
    down: 1,
    "page up": -page,
    "page down": page,
    home: -at,
    end: last === Number.MAX_SAFE_INTEGER ? 0 : last - at,
  };
  return Math.max(0, Math.min(last, at + (steps[key] ?? 0)));
}
