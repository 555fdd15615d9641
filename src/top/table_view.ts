import { cellOf, type Column, COLUMNS, nameColumn } from "./columns.ts";
import { inColumn, type Line, plainText, type Span } from "./line.ts";
import type { Scene, Size } from "./scene.ts";
import { sparkline } from "./sparkline.ts";
import type { TaskRow } from "./task_row.ts";

const LEAST_NAME = 14;
const MOST_NAME = 64;
const MOST_BARS = 120;
const LEAST_BARS = 6;

interface Layout {
  readonly columns: readonly Column[];
  readonly bars: number;
}

/** The table of tasks: its titles, and as many rows around the selected one as fit. */
export function tableLines(scene: Scene, { width, height }: Size): Line[] {
  const { state } = scene;
  const layout = layoutOf(state.rows, width);
  const room = Math.max(1, height - 1);
  const selected = state.selected?.index ?? 0;
  state.scroll = Math.min(
    Math.max(state.scroll, selected - room + 1, 0),
    selected,
    Math.max(0, state.rows.length - room),
  );
  const rows = state.rows.slice(state.scroll, state.scroll + room).map((row) =>
    rowLine(row, layout, scene)
  );
  if (rows.length === 0) {
    const why = state.filter === ""
      ? "no task exists"
      : `no task has "${state.filter}" in its name`;
    return [titleLine(layout, state.sortedBy), [{ text: why, style: "dim" }]];
  }
  const at = selected - state.scroll;
  return [
    titleLine(layout, state.sortedBy),
    ...rows.map((line, index): Line =>
      index === at ? [{ text: plainText(line), style: "reverse" }] : line
    ),
  ];
}

/** Names take what they need, bars what is left. */
function layoutOf(rows: readonly TaskRow[], width: number): Layout {
  const fixed = COLUMNS.reduce((sum, column) => sum + 1 + column.width, 0);
  const longest = rows.reduce(
    (most, { project, task }) => Math.max(most, Bun.stringWidth(`${project}/${task}`)),
    LEAST_NAME,
  );
  const free = Math.max(LEAST_NAME, width - fixed - 1 - LEAST_BARS);
  const name = Math.min(longest, MOST_NAME, free);
  const bars = Math.max(0, Math.min(MOST_BARS, width - fixed - name - 1));
  return { columns: [nameColumn(name), ...COLUMNS], bars };
}

function titleLine({ columns, bars }: Layout, sortedBy: string): Line {
  const titles = columns.flatMap(({ title, width, align }): Span[] => [
    { text: inColumn(title, width, align), style: title === sortedBy ? "reverse" : "bold" },
    { text: " " },
  ]);
  return [...titles, { text: inColumn("LAST", bars), style: "bold" }];
}

function rowLine(row: TaskRow, { columns, bars }: Layout, { history, look }: Scene): Line {
  const moved = history.steps(row.key, bars).map((step) => step?.moved);
  return [
    ...columns.flatMap((column) => [cellOf(column, row), { text: " " }]),
    { text: sparkline(moved, look.unicode) },
  ];
}
