import { COMMANDS, GROUPS } from "../../src/cli/commands.ts";
import { LOG_LEVELS } from "../../src/log/logger.ts";

/**
 * Words that may stand for a placeholder, where there are some; the shells know files,
 * servers and names.
 */
export const PLACEHOLDER_WORDS: Readonly<Record<string, readonly string[]>> = {
  LEVEL: LOG_LEVELS.map((_, level) => String(level)),
  CMD: ["showtaskpages", "showhostpages"],
};

/** What may follow some words after `etmem`, with its meaning. */
export interface NextWord {
  readonly word: string;
  readonly about: string;
}

/**
 * The words that may follow each beginning of a command, by the beginning; "" is `etmem` itself.
 */
export function nextWords(): Map<string, NextWord[]> {
  const next = new Map<string, NextWord[]>();
  for (const { words, about } of COMMANDS) {
    for (const [depth, word] of words.entries()) {
      const beginning = words.slice(0, depth).join(" ");
      const known = next.get(beginning) ?? [];
      next.set(beginning, known);
      if (known.some((other) => other.word === word)) continue;
      known.push({ word, about: depth + 1 === words.length ? about : GROUPS[word] ?? "" });
    }
  }
  for (const known of next.values()) known.push({ word: "help", about: "print a help text" });
  return next;
}
