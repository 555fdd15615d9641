import type { TaskTarget } from "../config/task.ts";
import { excerpt } from "../text/excerpt.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  " ": "\\s",
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\\": "\\\\",
};

/**
 * The value of a target as a configuration file spells it: on one line, and with no control
 * character, of which those that a file holds as they are show as `\x1b`.
 */
export function targetValue(target: TaskTarget): string {
  if (target.type === "pid") return String(target.pid);
  const spelled = target.comm.replaceAll(
    // A blank counts at both ends, and would begin a comment before these.
    /^ | $| (?=#|\/\/ )|[\n\t\r\\]/g,
    (character) => ESCAPES[character] ?? character,
  );
  return excerpt(spelled);
}
