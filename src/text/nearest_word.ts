/** What is longer than this is no slip of the pen. */
const LONGEST_WORD = 64;

/** How many of a word's letters are one slip of the pen at most. */
const LETTERS_PER_SLIP = 3;

/**
 * The candidate that the fewest slips of the pen turn into `word`; the first of equals.
 * Capital letters count as small ones.
 * @returns undefined when that would be more than one in three letters.
 */
export function nearestWord<W extends string>(
  word: string,
  candidates: readonly W[],
): W | undefined {
  const written = word.slice(0, LONGEST_WORD + 1).toLowerCase();
  let nearest: W | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(written, candidate.toLowerCase());
    const letters = Math.max(written.length, candidate.length);
    if (distance * LETTERS_PER_SLIP <= letters && distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

/**
 * The word that a mistyped one was probably meant to be: the only one that begins with it,
 * or the nearest.
 */
export function meantWord(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((candidate) => word !== "" && candidate.startsWith(word));
  return begun.length === 1 ? begun[0] : nearestWord(word, known);
}

/**
 * Characters added, left out, replaced, or swapped with their neighbour (optimal string alignment).
 */
export function editDistance(word: string, b: string): number {
  const a = word.slice(0, LONGEST_WORD);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
