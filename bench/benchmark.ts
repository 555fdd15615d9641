import type { Outcome } from "./figure.ts";

/** Something to be measured, in a process of its own. */
export interface Benchmark {
  /** As it is chosen on the command line. */
  readonly name: string;
  /** One line: what is measured, and against what. */
  readonly about: string;
  /** It takes so long that it runs only when it is named. */
  readonly isLong?: boolean;
  readonly run: () => Promise<readonly Outcome[]> | readonly Outcome[];
}
