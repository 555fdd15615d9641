import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fillIn } from "./fill_in.ts";
import { SECTIONS } from "./sections.ts";

/** A Markdown file as it is, and as the program's tables make it. */
export interface Document {
  readonly path: string;
  readonly isCurrent: boolean;
  readonly text: string;
}

/**
 * The Markdown files that may have sections: those at the top and in docs/.
 * @throws {Error} when a section cannot be made, or no file has it.
 */
export function makeDocuments(top: string): Document[] {
  const left = new Set(SECTIONS.map(({ name }) => name));
  const documents = ["README.md", "CONTRIBUTING.md", ...markdownIn(top, "docs")].map((name) => {
    const path = join(top, name);
    const before = readFileSync(path, "utf8");
    const { text, names } = fillIn(name, before, SECTIONS);
    for (const made of names) left.delete(made);
    return { path, isCurrent: text === before, text };
  });
  if (left.size > 0) {
    throw new Error(`Cannot make ${[...left].join(", ")}: no Markdown file has such a section`);
  }
  return documents;
}

function markdownIn(top: string, folder: string): string[] {
  return readdirSync(join(top, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
