/** One thing that was demanded of the server, and what was wrong with it. */
export interface Check {
  readonly name: string;
  /** The figures behind it. */
  readonly detail: string;
  readonly faults: readonly string[];
}
