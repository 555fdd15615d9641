import { log } from "../log/logger.ts";
import { messageOf } from "../text/message_of.ts";

/**
 * Remembers over restarts of the server whether a project of --conf-dir is started.
 * @throws {Error} when it cannot.
 */
export type RememberStarted = (project: string, started: boolean) => Promise<void>;

/** Remembers it where that works. @returns warnings, which are in the log too. */
export async function tryToRemember(
  remember: RememberStarted,
  project: string,
  started: boolean,
): Promise<string[]> {
  try {
    await remember(project, started);
    return [];
  } catch (error) {
    const state = started ? "started" : "stopped";
    const warning = `Cannot remember over a restart that project "${project}" is ${state}: ` +
      messageOf(error);
    log.warning(warning);
    return [warning];
  }
}
