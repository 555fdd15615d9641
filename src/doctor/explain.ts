import type { Explanation } from "./explanation.ts";
import { EXPLANATIONS } from "./explanations.ts";
import type { Finding } from "./finding.ts";
import type { ReasonName } from "../reason/reasons.ts";
import { findReason, type FoundReason } from "../reason/find_reason.ts";
import { shellWord } from "../text/shell_word.ts";

/** What a reason is about, for the commands of its explanation. */
export interface ReasonPlace {
  readonly about: string;
  readonly socket?: string | undefined;
  readonly project?: string | undefined;
  readonly pid?: number | undefined;
}

/** The explanation of a reason that status shows. @param text the reason. */
export function explanationOf(text: string): Explanation {
  return EXPLANATIONS[findReason(text).name];
}

/** Reasons whose last detail is a reason itself, which says what mends them. */
const WRAPPERS: ReadonlySet<ReasonName> = new Set(["paused", "could_not_start", "start_refused"]);

/** The reason within a reason; the same where there is none that is known. */
export function innermostReason(text: string): FoundReason {
  const outer = findReason(text);
  if (!WRAPPERS.has(outer.name)) return outer;
  const inner = innermostReason(outer.details.at(-1) ?? "");
  return inner.name === "failed" ? outer : inner;
}

/**
 * What a reason that status shows means where it stands.
 * @param text the reason. @param found what it is said of, with the reason.
 */
export function explain(
  text: string,
  found: string,
  weight: Finding["weight"],
  place: ReasonPlace,
): Finding {
  const outer = findReason(text);
  const inner = innermostReason(text);
  const finding = { weight, about: place.about, found, ...fillIn(inner, place) };
  if (inner.name === outer.name) return finding;
  return { ...finding, meaning: `${fillIn(outer, place).meaning} ${finding.meaning}` };
}

/** An explanation with what it is about. */
function fillIn(
  { name, details }: FoundReason,
  { socket, project, pid }: ReasonPlace,
): Pick<Finding, "meaning" | "remedy" | "commands"> {
  const { meaning, remedy, commands = [] } = EXPLANATIONS[name];
  const values: Readonly<Record<string, string | undefined>> = {
    socket,
    project,
    pid: pid?.toString(),
    detail: details.at(-1),
  };
  const fill = (line: string, write: (value: string) => string): string =>
    line.replaceAll(/\{(\w+)\}/g, (_, key: string) => write(values[key] ?? key.toUpperCase()));
  return {
    meaning: fill(meaning, String),
    remedy: fill(remedy, String),
    // They are to be copied: no name may be more than a word of them.
    commands: commands.map((command) => fill(command, shellWord)),
  };
}
