import type { Outcome } from "./figure.ts";

/** Something to be measured, in a process of its own. */
export interface Benchmark {
  /** As it is chosen on the command line. */
  readonly name: string;
  /** One line: what is measured, and against what. */
  readonly about: string;
  readonly run: () => Promise<readonly Outcome[]> | readonly Outcome[];
}
