import { excerpt } from "../text/excerpt.ts";

/** A configuration file that is refused; `message` is one line that names file, line and what is wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param problem what is wrong with the file, after a colon. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use "${excerpt(path)}": ${problem}`, options);
  }
}
