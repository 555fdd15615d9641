import type * as fc from "fast-check";

/** One thing that is fuzzed: what it is given, and what has to hold whatever that is. */
export interface FuzzTarget {
  /** Also the name of its corpus' folder. */
  readonly name: string;
  /**
   * The files whose coverage leads the search and is reported,
   * relative to the top of the repository.
   */
  readonly sources: readonly string[];
  /** Inputs as they may come, well-formed and nearly so. */
  readonly inputs: fc.Arbitrary<Uint8Array>;
  /** What mutations put in, besides any byte. */
  readonly tokens: readonly Uint8Array[];
  /** Throws when something is wrong: a finding. */
  readonly check: (input: Uint8Array) => void;
}

/** Words as tokens. */
export function tokensOf(...words: readonly string[]): readonly Uint8Array[] {
  return words.map((word) => Buffer.from(word));
}
