import { excerpt } from "../text/excerpt.ts";

/** A configuration file is refused; `message` is one line: the file, the line, the reason. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param problem what is wrong with the file, after a colon. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use "${excerpt(path)}": ${problem}`, options);
  }
}
