import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { Output } from "../cli/output.ts";
import { absolutePath, isNoFolder } from "../options/absolute_path.ts";
import { UsageError } from "../options/usage_error.ts";
import { versionLine } from "../options/version.ts";
import { messageOf } from "../text/message_of.ts";
import { startInBackground } from "./background.ts";
import { hasRuntimeVariables, restartClean, SERVER_NAME, takeStartMark } from "./clean_start.ts";
import { loadEngines } from "./load_engines.ts";
import { serve } from "./serve.ts";
import { limitTooLow } from "./start_failure.ts";
import { parseServerOptions, serverHelp, type ServerOptions } from "./server_options.ts";

const STDOUT = 1;
const STDERR = 2;

/**
 * The command `etmemd`.
 * @param args what follows the name.
 * @returns the exit status: 0, 1 when the server could not start, 2 for wrong usage.
 */
export async function runDaemon(args: readonly string[]): Promise<number> {
  try {
    const parsed = parseServerOptions(args);
    if (parsed.info !== undefined) {
      new Output(STDOUT).write(parsed.info === "help" ? serverHelp() : versionLine("etmemd"));
      return 0;
    }
    return await start(args, parsed.options);
  } catch (error) {
    const message = messageOf(error);
    writeSync(STDERR, `${SERVER_NAME}: ${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** @param args as they were typed: process lists show them, and scripts look for them. */
async function start(args: readonly string[], options: ServerOptions): Promise<number> {
  const uid = process.geteuid?.();
  if (uid !== 0) throw new Error(`Cannot start the server: it needs root, this is uid ${uid}`);
  const limit = limitTooLow();
  if (limit !== undefined) throw new Error(`Cannot start the server: ${limit}`);
  const folder = process.cwd();
  const confDir = options.confDir && resolve(absolutePath(options.confDir, folder));
  const mark = takeStartMark();
  if (options.modeSystemctl && mark !== "background") {
    if (mark === undefined && hasRuntimeVariables()) restartClean(args, "launcher");
    const warning = await startInBackground(args);
    if (warning !== undefined) writeSync(STDERR, `${SERVER_NAME}: warning: ${warning}\n`);
    return 0;
  }
  if (mark === undefined) restartClean(args, "foreground");
  if (mark === "background" || isNoFolder(folder)) process.chdir("/");
  return serve({ ...options, confDir }, mark, () => loadEngines(options.moveRate));
}
