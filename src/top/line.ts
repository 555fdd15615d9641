/** How a piece of a line stands out. */
export type Style = "plain" | "bold" | "dim" | "reverse" | "good" | "warning" | "bad";

/** A piece of a line of the screen. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** A line of the screen. */
export type Line = readonly Span[];

/** How lines are shown on a terminal. */
export interface Look {
  /** Whether colours are wanted: NO_COLOR is not set. */
  readonly colour: boolean;
  /** Whether the terminal shows UTF-8. */
  readonly unicode: boolean;
}

/** Select graphic rendition of ECMA-48. */
const ATTRIBUTES: Readonly<Record<Style, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  reverse: "7",
  good: "32",
  warning: "33",
  bad: "31",
};
const COLOURS: ReadonlySet<Style> = new Set(["good", "warning", "bad"]);

/** A line as a terminal of this width shows it, cut where it is longer. */
export function renderLine(line: Line, width: number, look: Look): string {
  let left = width;
  let text = "";
  for (const { text: whole, style = "plain" } of line) {
    const piece = cut(clean(whole, look), left);
    left -= Bun.stringWidth(piece);
    const attribute = COLOURS.has(style) && !look.colour ? "" : ATTRIBUTES[style];
    text += attribute === "" || piece === "" ? piece : `\x1b[${attribute}m${piece}\x1b[0m`;
  }
  return text;
}

/** What a line says, without its styles. */
export function plainText(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** Text in a column: cut or filled with blanks. */
export function inColumn(text: string, width: number, align: "left" | "right" = "left"): string {
  const piece = cut(text, width);
  const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(piece)));
  return align === "left" ? piece + blanks : blanks + piece;
}

/** Names may hold anything: nothing of them steers the terminal. */
function clean(text: string, { unicode }: Look): string {
  const steady = text.replaceAll(/\p{Cc}/gu, "?");
  return unicode ? steady : steady.replaceAll(/[^\x20-\x7e]/gu, "?");
}

function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += Bun.stringWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}
