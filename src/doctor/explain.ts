import type { Explanation } from "./explanation.ts";
import { EXPLANATIONS } from "./explanations.ts";
import type { Finding } from "./finding.ts";
import { findReason } from "../reason/find_reason.ts";

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

/**
 * What a reason that status shows means where it stands.
 * @param text the reason. @param found what it is said of, with the reason.
 */
export function explain(
  text: string,
  found: string,
  weight: Finding["weight"],
  { about, socket, project, pid }: ReasonPlace,
): Finding {
  const { name, details } = findReason(text);
  const { meaning, remedy, commands = [] } = EXPLANATIONS[name];
  const values: Readonly<Record<string, string | undefined>> = {
    socket,
    project,
    pid: pid?.toString(),
    detail: details.at(-1),
  };
  const fill = (line: string): string =>
    line.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key.toUpperCase());
  return {
    weight,
    about,
    found,
    meaning: fill(meaning),
    remedy: fill(remedy),
    commands: commands.map(fill),
  };
}
