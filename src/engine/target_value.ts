import type { TaskTarget } from "../config/task.ts";
import { withoutControls } from "../text/excerpt.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  " ": "\\s",
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\\": "\\\\",
};

/** The value of a target without escapes. */
export function plainTargetValue(target: TaskTarget): string {
  switch (target.type) {
    case "pid":
      return String(target.pid);
    case "name":
      return target.comm;
    case "cgroup":
      return target.path;
  }
}

/**
 * The value of a target as a configuration file spells it: on one line, and with no control
 * character, of which those that a file holds as they are show as `\x1b`.
 */
export function targetValue(target: TaskTarget): string {
  const spelled = plainTargetValue(target).replaceAll(
    // A blank counts at both ends, and would begin a comment before these.
    /^ | $| (?=#|\/\/ )|[\n\t\r\\]/g,
    (character) => ESCAPES[character] ?? character,
  );
  return withoutControls(spelled);
}
