import { excerpt } from "../text/excerpt.ts";

/** A configuration file is refused; `message` is one line: the file, the line, the reason. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** What is wrong with the file. */
  readonly problem: string;

  /** @param problem stands after a colon. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use "${excerpt(path)}": ${problem}`, options);
    this.problem = problem;
  }
}
