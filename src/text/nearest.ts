import { nearestWord } from "./nearest_word.ts";

/** The word that a mistyped one was probably meant to be: the only one that begins with it, or the nearest. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((candidate) => word !== "" && candidate.startsWith(word));
  return begun.length === 1 ? begun[0] : nearestWord(word, known);
}
