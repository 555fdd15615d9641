/** Columns of a terminal that the status table is made for. */
const WIDTH = 100;
const LABEL_WIDTH = 9;
const COLUMN_WIDTH = 22;

/**
 * Phrases on a line, separated by commas; where they do not fit they go on at deeper indentation,
 * broken between words. A word that is wider than the line is left whole.
 */
export function wrap(indent: string, phrases: readonly string[]): string {
  return wrapAfter(indent, `${indent}  `, phrases);
}

/** A label and phrases that stay in the column beside it. */
export function field(indent: string, label: string, phrases: readonly string[]): string {
  const head = `${indent}${label.padEnd(LABEL_WIDTH)} `;
  return wrapAfter(head, " ".repeat(head.length), phrases);
}

function wrapAfter(head: string, indent: string, phrases: readonly string[]): string {
  // A reason may be what a third-party engine says: no line break, nothing that steers a terminal.
  const text = phrases.join(", ").replaceAll(/\p{Cc}+/gu, " ");
  if (head.length + text.length <= WIDTH) return `${head}${text}\n`;
  const lines: string[] = [];
  let line = head;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line);
  return `${lines.join("\n")}\n`;
}

/** Labels and values side by side, on as many lines as they need. */
export function columns(
  indent: string,
  cells: readonly (readonly [label: string, value: string])[],
): string {
  const perLine = Math.floor((WIDTH - indent.length) / COLUMN_WIDTH);
  let text = "";
  for (let at = 0; at < cells.length; at += perLine) {
    const line = cells.slice(at, at + perLine).map(([label, value]) =>
      `${label.padEnd(LABEL_WIDTH)} ${value}`.padEnd(COLUMN_WIDTH)
    );
    text += `${indent}${line.join("")}`.trimEnd() + "\n";
  }
  return text;
}
