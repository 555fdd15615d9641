import { cellOf, COLUMNS, nameColumn } from "./columns.ts";
import { plainText } from "./line.ts";
import type { TaskRow } from "./task_row.ts";

const TIME_WIDTH = 8;
const NAME_WIDTH = 30;
const LINE_COLUMNS = [...COLUMNS, nameColumn(NAME_WIDTH)];

/** The titles of the columns of plain lines. */
export function titleText(): string {
  const titles = LINE_COLUMNS.map(({ title, width, align }) =>
    align === "left" ? title.padEnd(width) : title.padStart(width)
  );
  return `${["TIME".padEnd(TIME_WIDTH), ...titles].join(" ").trimEnd()} WHY\n`;
}

/** A line for each row, for a file or a pipe. @param time of day: `12:00:00`. */
export function rowTexts(rows: readonly TaskRow[], time: string): string {
  return rows.map((row) => {
    const cells = plainText(
      LINE_COLUMNS.flatMap((column) => [{ text: " " }, cellOf(column, row)]),
    );
    const [why = ""] = row.reasons;
    // a reason may be what a third-party engine says: it stays one line
    return `${time}${cells} ${why}`.trimEnd().replaceAll(/\p{Cc}/gu, "?") + "\n";
  }).join("");
}
