import { beforeEach, describe, expect, test } from "bun:test";
import { History } from "../../../src/top/history.ts";
import type { Key } from "../../../src/top/keys.ts";
import { helpLines } from "../../../src/top/help_view.ts";
import { plainText, renderLine } from "../../../src/top/line.ts";
import { bodyHeight, type Scene } from "../../../src/top/scene.ts";
import { screenLines } from "../../../src/top/screen_lines.ts";
import { taskRows } from "../../../src/top/task_row.ts";
import { ViewState, type Wish } from "../../../src/top/view_state.ts";
import { manyTasks } from "./sample_rows.ts";

const LOOK = { colour: true, unicode: true };
const SMALL = { width: 80, height: 24 };
const LARGE = { width: 200, height: 60 };

let state: ViewState;
let status: ReturnType<typeof manyTasks>;

beforeEach(() => {
  state = new ViewState();
  status = manyTasks(500);
});

const history = new History();
const scene = (more: Partial<Scene> = {}): Scene => ({
  status,
  socket: "etmemd_socket",
  history,
  state,
  look: LOOK,
  ...more,
});

/** The texts of a screen, drawn as `etmem top` draws it. */
function screen(size = SMALL, more: Partial<Scene> = {}): string[] {
  state.show(taskRows(status));
  return screenLines(scene(more), size).map((line) => plainText(line).trimEnd());
}

function press(...keys: Key[]): Wish {
  let wish: Wish;
  for (const key of keys) {
    wish = state.press(key, bodyHeight(SMALL));
    state.show(taskRows(status));
  }
  return wish;
}

const letter = (text: string): Key => ({ text });

describe("the table", () => {
  test.each([SMALL, LARGE])("fills the screen and is no wider: %p", (size) => {
    state.show(taskRows(status));
    const lines = screenLines(scene(), size);
    expect(lines).toHaveLength(size.height);
    for (const line of lines) {
      const plain = Bun.stripANSI(renderLine(line, size.width, LOOK));
      expect(Bun.stringWidth(plain)).toBeLessThanOrEqual(size.width);
    }
  });

  test("has titles, and what moved most first", () => {
    const lines = screen();
    expect(lines[2]).toBe("500 projects, 500 tasks, 500 started");
    expect(lines[3]).toBe(
      "PROJECT/TASK   STATE      RES  MOVED  FREED   BACK   WAIT    AGE LAST",
    );
    expect(lines[4]).toStartWith(
      "p499/t499      pauses      1G  1.16G     2G   121M  0.05%   4min",
    );
    expect(lines[21]).toStartWith("p482/t482");
    expect(lines[23]).toStartWith("q quit");
  });

  test("shows why the selected task does not move more", () => {
    expect(screen()[22]).toMatch(/^p499\/t499: 9 processes: had no memory present/);
  });

  test("follows the selection to the end and back", () => {
    screen();
    press("end");
    expect(screen().at(-3)).toStartWith("p000/t000");
    press("page up", "up");
    expect(screen().some((line) => line.startsWith("p020/t020"))).toBe(true);
    press("home");
    expect(screen()[4]).toStartWith("p499/t499");
  });

  test("keeps the selection on its task when the order changes", () => {
    screen();
    press("down");
    expect(state.selected?.row.task).toBe("t498");
    press(letter("r"));
    expect(state.selected?.row.task).toBe("t498");
  });

  test("is sorted by the column that is chosen", () => {
    screen();
    expect(state.sortedBy).toBe("MOVED");
    press(letter("<"), letter("<"), letter("<"));
    expect(state.sortedBy).toBe("PROJECT/TASK");
    expect(screen()[4]).toStartWith("p000/t000");
    press(letter("r"));
    expect(screen()[4]).toStartWith("p499/t499");
    press(letter("<"));
    expect(state.sortedBy).toBe("AGE");
  });

  test("is filtered by a part of the name", () => {
    screen();
    press(letter("/"), ...Array.from("p04", letter));
    expect(screen().at(-1)).toBe("filter: p04_   Enter keeps it, Esc drops it");
    expect(state.rows).toHaveLength(10);
    press("backspace", "enter");
    expect(state.rows).toHaveLength(100);
    press(letter("/"), letter("x"));
    expect(screen()[4]).toBe('no task has "p0x" in its name');
    press("escape");
    expect(state.rows).toHaveLength(500);
  });

  test("says so when there is no task", () => {
    status = { ...status, projects: [] };
    expect(screen()[4]).toBe("no task exists");
    press("enter");
    expect(state.view).toBe("table");
  });
});

describe("other views", () => {
  test("Enter shows a task, Esc goes back", () => {
    screen();
    press("enter");
    const text = screen(LARGE).join("\n");
    expect(text).toContain("p499/slide/t499");
    expect(text).toContain("stall_limit 0.1%");
    expect(text).toMatch(/node 2 +to DRAM node 0/);
    press("escape");
    expect(screen()[3]).toStartWith("PROJECT/TASK");
  });

  test("a long view scrolls no further than to its end", () => {
    screen();
    press("enter");
    const size = { width: 80, height: 12 };
    screen(size);
    for (let times = 0; times < 100; times++) press("down");
    expect(screen(size)[3 + bodyHeight(size) - 1]).not.toBe("");
    press("home");
    expect(screen(size)[3]).toStartWith("p499/slide/t499");
  });

  test("a task that is gone is said to be", () => {
    screen();
    press("enter");
    status = { ...status, projects: [] };
    expect(screen()[3]).toBe("the task is gone");
  });

  test("h shows the keys", () => {
    screen();
    press(letter("h"));
    expect(screen().join("\n")).toContain("reverse the order");
    press(letter("q"));
    expect(state.view).toBe("table");
  });

  test("a server that is gone is said to be, above what was seen last", () => {
    const lines = screen(SMALL, { gone: "Cannot reach the server" });
    expect(lines[0]).toBe("etmem top  etmemd_socket  Cannot reach the server");
    expect(lines[4]).toStartWith("p499/t499");
  });

  test("before the first answer there is a screen too", () => {
    expect(screenLines({ socket: "s", history, state, look: LOOK }, SMALL)).toHaveLength(24);
  });
});

describe("keys", () => {
  test("q and Ctrl-C quit, also while a filter is typed", () => {
    expect(press(letter("q"))).toBe("quit");
    expect(press(letter("/"), "interrupt")).toBe("quit");
  });

  test("q is a letter of a filter", () => {
    expect(press(letter("/"), letter("q"))).toBeUndefined();
    expect(state.filter).toBe("q");
  });

  test("p holds the screen", () => {
    screen();
    press(letter("p"));
    expect(state.isHeld).toBe(true);
    expect(screen().at(-1)).toContain("HELD");
    press(letter("p"));
    expect(state.isHeld).toBe(false);
  });
});

describe("what stands on a terminal of 80 columns", () => {
  test("the help is whole", () => {
    for (const line of helpLines()) expect(plainText(line).length).toBeLessThanOrEqual(80);
  });

  test("the line of memory and swap is whole", () => {
    const most = 1000.5 * 2 ** 30;
    Object.assign(status.memory, { total_bytes: most, available_bytes: most * 0.801 });
    Object.assign(status.swap, { total_bytes: most, free_bytes: most * 0.801, store_bytes: most });
    const line = screen(LARGE)[1];
    expect(line).toEndWith(", takes 1001 GiB");
    expect(line?.length).toBeLessThanOrEqual(80);
  });
});
