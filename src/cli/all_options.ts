import type { Option } from "../options/option.ts";
import type { Command } from "./command.ts";

/** The options of some commands, each once though several commands have it, without -h. */
export function allOptions(commands: readonly Command[]): Option[] {
  const options = new Map<string, Option>();
  for (const command of commands) {
    for (const option of Object.values(command.options)) {
      if (!options.has(option.long)) options.set(option.long, option);
    }
  }
  return [...options.values()];
}
