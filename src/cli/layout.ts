/** Columns of a terminal that the status table is made for. */
const WIDTH = 100;
const LABEL_WIDTH = 9;
const COLUMN_WIDTH = 22;
/** As wide as any indentation or gap. */
const SPACES = " ".repeat(WIDTH);
const CONTROL = /\p{Cc}/u;
const CONTROLS = /\p{Cc}+/gu;

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
  const said = phrases.join(", ");
  const text = CONTROL.test(said) ? said.replaceAll(CONTROLS, " ") : said;
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
  let missing = 0;
  for (const [i, [label, value]] of cells.entries()) {
    // What the cell before leaves free is filled only where another one follows it on its line.
    if (i % perLine > 0) text += gap(missing);
    else text += i === 0 ? indent : `\n${indent}`;
    const head = Math.max(LABEL_WIDTH, label.length) + 1;
    text += label + gap(head - label.length) + value;
    missing = COLUMN_WIDTH - head - value.length;
  }
  return cells.length === 0 ? "" : `${text}\n`;
}

function gap(width: number): string {
  return SPACES.slice(0, Math.max(0, width));
}
