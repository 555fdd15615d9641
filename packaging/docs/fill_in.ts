/** A part of a document that is made of the program's tables. */
export interface Section {
  /** The line `<!-- npm run docs makes: NAME -->` of a document says where it stands. */
  readonly name: string;
  /** Makes its Markdown, as `deno fmt` leaves it, without a line end behind it. */
  readonly make: () => string;
}

const BEGIN = /^<!-- npm run docs makes: (.+) -->$/m;
const END = /^<!-- end -->$/m;

/**
 * Puts sections between the lines `<!-- npm run docs makes: NAME -->`
 * and `<!-- end -->` of a document.
 * @returns the new text, and the names of the sections that it has.
 * @throws {Error} when there is no such section, or the line at its end is missing.
 */
export function fillIn(
  document: string,
  text: string,
  sections: readonly Section[],
): { readonly text: string; readonly names: readonly string[] } {
  const [top = "", ...parts] = text.split(BEGIN);
  const names: string[] = [];
  let filled = top;
  while (parts.length > 0) {
    const [name = "", rest = ""] = parts.splice(0, 2);
    const section = sections.find((candidate) => candidate.name === name);
    const end = rest.search(END);
    if (section === undefined || end === -1) {
      const problem = section === undefined ? "no such section" : "no <!-- end -->";
      throw new Error(`Cannot make section "${name}" of ${document}: there is ${problem}`);
    }
    names.push(name);
    filled += `<!-- npm run docs makes: ${name} -->\n\n${section.make()}\n\n${rest.slice(end)}`;
  }
  return { text: filled, names };
}
