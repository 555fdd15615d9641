/** What a key means. A character is its own name. */
export type Key =
  | "up"
  | "down"
  | "page up"
  | "page down"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "backspace"
  | "interrupt"
  | "suspend"
  | "redraw"
  | { readonly text: string };

const ESCAPE = "\x1b";

/** What terminals send for keys that are no characters: ECMA-48, and xterm's control sequences. */
const SEQUENCES: ReadonlyMap<string, Key> = new Map<string, Key>([
  ["\x1b[A", "up"],
  ["\x1bOA", "up"],
  ["\x1b[B", "down"],
  ["\x1bOB", "down"],
  ["\x1b[5~", "page up"],
  ["\x1b[6~", "page down"],
  ["\x1b[H", "home"],
  ["\x1bOH", "home"],
  ["\x1b[1~", "home"],
  ["\x1b[F", "end"],
  ["\x1bOF", "end"],
  ["\x1b[4~", "end"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\x1b", "escape"],
  ["\x7f", "backspace"],
  ["\b", "backspace"],
  ["\x03", "interrupt"],
  ["\x1a", "suspend"],
  ["\x0c", "redraw"],
]);
/** A control sequence, a single shift, an escape alone, or a character. */
const ONE_KEY = new RegExp(
  String.raw`${ESCAPE}\[[0-9;?]*[ -/]*[@-~]|${ESCAPE}O[@-~]|[\s\S]`,
  "gu",
);

/** The keys of what a terminal sent at once; sequences that are not known are passed over. */
export function parseKeys(input: string): Key[] {
  return Array.from(input.matchAll(ONE_KEY), ([sequence]): Key | undefined => {
    const known = SEQUENCES.get(sequence);
    if (known !== undefined) return known;
    return /^\p{Cc}/u.test(sequence) ? undefined : { text: sequence };
  }).filter((key) => key !== undefined);
}
