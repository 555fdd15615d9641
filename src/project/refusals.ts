import { EngineRefusal } from "../engine/engine.ts";
import { log } from "../log/logger.ts";
import { Refusal } from "../rpc/refusal.ts";
import { messageOf, stackOf } from "../text/message_of.ts";

/** The answer when a project is not there. @param more follows its name. */
export function noProject(name: string, more = ""): Refusal {
  return new Refusal("noProject", `"${name}"${more}`);
}

/** The answer when an engine is not there. @param more follows its name. */
export function noEngine(project: string, name: string, more = ""): Refusal {
  return new Refusal("noEngine", `"${name}" in project "${project}"${more}`);
}

/** The answer when a task is not there. */
export function noTask(project: string, engine: string, name: string): Refusal {
  return new Refusal("noTask", `"${name}" of engine "${engine}" in project "${project}"`);
}

/**
 * Turns an error that an engine threw into the server's answer. An error that is neither a refusal
 * nor the end of a request that was given up is a fault of the engine's own code:
 * it goes to the log with its stack.
 * @param doing the action that failed, for example `Cannot start task "a"`.
 */
export function engineFailure(
  doing: string,
  error: unknown,
  byDefault: "invalid" | "internal",
): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof EngineRefusal) {
    return new Refusal(error.fault ?? byDefault, `${doing}: ${error.message}`, { cause: error });
  }
  log.error(`${doing}: ${stackOf(error)}`);
  return new Refusal("internal", `${doing}: ${messageOf(error)}`, { cause: error });
}
