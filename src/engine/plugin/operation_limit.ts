import { log } from "../../log/logger.ts";

const VARIABLE = "ETMEMD_ENGINE_LIMIT_SECONDS";
const DEFAULT_SECONDS = 5;
const MAX_SECONDS = 600;

/**
 * Milliseconds that one operation of an engine may take before it counts as hung:
 * ETMEMD_ENGINE_LIMIT_SECONDS of the server's environment, 1 to 600; 5 s when it is missing,
 * or wrong, which goes to the log.
 */
export function operationLimitMs(text: string | undefined = process.env[VARIABLE]): number {
  if (text === undefined || text === "") return DEFAULT_SECONDS * 1000;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds * 1000;
  log.warning(
    `Cannot use ${VARIABLE}=${JSON.stringify(text)}: allowed are 1 to ${MAX_SECONDS}, ` +
      `taken is ${DEFAULT_SECONDS}`,
  );
  return DEFAULT_SECONDS * 1000;
}
