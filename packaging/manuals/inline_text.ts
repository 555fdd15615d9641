/** Text of the program's tables as AsciiDoc that shows it letter by letter. */
export function plain(text: string): string {
  return `pass:c[${text.replaceAll("]", "\\]")}]`;
}

/** A literal in bold, as manual pages print what is typed. */
export function bold(text: string): string {
  return `**${plain(text)}**`;
}

/** A placeholder, underlined or in italics. */
export function italic(text: string): string {
  return `__${plain(text)}__`;
}

/** A phrase of a table as a sentence. */
export function sentence(phrase: string): string {
  return plain(`${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`);
}
