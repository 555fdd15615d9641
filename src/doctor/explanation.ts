import type { ReasonName } from "../reason/reasons.ts";

/** What a reason of status means to people, and what to do about it. */
export interface Explanation {
  readonly meaning: string;
  /** What mends it, in words; that nothing needs to be done, where nothing does. */
  readonly remedy: string;
  /**
   * Commands for it. `{socket}`, `{project}` and `{pid}` stand for those that it is about, and
   * `{detail}` for the reason's own detail.
   */
  readonly commands?: readonly string[];
  /**
   * Whether it keeps etmem from its work: "always"; "mostly": where it is about most of a round's
   * processes or memory; "never".
   */
  readonly hinders: "always" | "mostly" | "never";
}

/** Explanations of some reasons, by their names. */
export type Explanations = { readonly [Name in ReasonName]?: Explanation };

export const NOTHING_TO_DO = "Nothing needs to be done.";
