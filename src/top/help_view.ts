import type { Line } from "./line.ts";

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["up, down, j, k", "select a task; PgUp, PgDn, Home and End too"],
  ["Enter", "show all about the selected task; Esc goes back"],
  ["s or >, <", "sort by the next column, by the one before"],
  ["r", "reverse the order"],
  ["/", "filter by a part of PROJECT/ENGINE/TASK; Esc drops the filter"],
  ["p", "hold the screen; p goes on"],
  ["space", "ask the server at once"],
  ["Ctrl-L", "draw the screen anew"],
  ["Ctrl-Z", "suspend; fg goes on"],
  ["h, ?", "this help"],
  ["q, Ctrl-C", "quit"],
];

const COLUMN_MEANINGS: readonly (readonly [title: string, meaning: string])[] = [
  ["STATE", "works on a round, sleeps between two, pauses (the guard),"],
  ["", "waits to be started, fails, or is stopped"],
  ["RES", "memory of the target processes in DRAM, in the last round"],
  ["MOVED", "moved since the task was started"],
  ["FREED", "DRAM that this made free: less where it is kept compressed"],
  ["BACK", "of what moved, read back since"],
  ["WAIT", "share of time lost in waits for it; red above stall_limit"],
  ["AGE", "time for which a page has to be idle before it goes"],
  ["LAST", "what moved in the last minutes, a bar for each five seconds"],
];

/** The help of `etmem top`. */
export function helpLines(): Line[] {
  const pairs = (table: typeof KEYS): Line[] =>
    table.map(([left, right]) => [
      { text: `  ${left.padEnd(16)}`, style: "bold" },
      { text: right },
    ]);
  return [
    [{ text: "Keys", style: "bold" }],
    ...pairs(KEYS),
    [],
    [{ text: "Columns", style: "bold" }],
    ...pairs(COLUMN_MEANINGS),
    [],
    [{ text: "etmem top --lines prints lines instead of a screen. See etmem(1)." }],
  ];
}
