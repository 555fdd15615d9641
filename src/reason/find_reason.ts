import { type ReasonName, REASONS } from "./reasons.ts";

/** A reason that a text of status gives. */
export interface FoundReason {
  readonly name: ReasonName;
  /** What stands for each `{}`. */
  readonly details: readonly string[];
}

/** A detail is as short as may be: the last one may look like what is between two. */
const PATTERNS = REASONS.map(([name, text]): [ReasonName, RegExp] => {
  const parts = text.split("{}").map((part) => part.replaceAll(/[^\w\s]/g, String.raw`\$&`));
  return [name, new RegExp(`^${parts.join("(.*?)")}$`, "s")];
});

/** Which reason a text is: the first that fits. One of a newer server is "failed". */
export function findReason(text: string): FoundReason {
  for (const [name, pattern] of PATTERNS) {
    const match = pattern.exec(text);
    if (match !== null) return { name, details: match.slice(1) };
  }
  return { name: "failed", details: [text] };
}
