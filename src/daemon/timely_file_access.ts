import { basename, dirname, join } from "node:path";
import { untilAborted } from "../async/abortable.ts";
import { Semaphore } from "../async/semaphore.ts";
import { ConfigError } from "../config/config_error.ts";
import { messageOf } from "../text/message_of.ts";
import { type FileAnswers, type FileRequest, lookAtFile, parseFileReply } from "./file_request.ts";
import { SilentPaths } from "./silent_paths.ts";

/** The name of a process that looks at one file. It begins like the server's: it is no target. */
export const FILE_PROCESS_NAME = "etmemd-file";

/** A file system that has not answered for so long counts as one that never will. */
const ANSWER_MS = 8_000;
/** A look that waits longer than this for its turn gets a process of its own. */
const PATIENCE_MS = 200;
/** How long presenceOf() waits for file systems. */
const PRESENCE_MS = 1_000;
/** A killed process counts until the kernel lets it go. */
const MAX_PROCESSES = 8;

const NEVER = new AbortController().signal;
const OWN_EXECUTABLE = "/proc/self/exe";
/** Arguments that make it run this program; a compiled one needs none. */
const PROGRAM = import.meta.url.includes("$bunfs")
  ? []
  : [join(import.meta.dir, "../..", "main.ts")];

/** One look at a time uses the runtime's few threads for files: at most one thread can hang. */
const turn = new Semaphore(1);
const processes = new Semaphore(MAX_PROCESSES);
/** By path, looks that have not ended. */
const looks = new Map<string, number>();
/** By path, the end of the look of askBriefly(). */
const brief = new Map<string, Promise<void>>();
/** Those for which askBriefly() has waited in vain. */
const silent = new SilentPaths();

/**
 * Looks at a file. Neither this thread nor other files wait for a file system that never answers.
 * It keeps the thread that looked first. Then each further look has a process of its own, which is
 * killed when this call ends.
 * @throws {ConfigError} also when the file system does not answer; or the signal's reason.
 */
export async function askForFile<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
  signal: AbortSignal,
): Promise<FileAnswers[Want]> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => {
    const problem = `its file system has not answered for ${ANSWER_MS / 1000} s`;
    limit.abort(new ConfigError(path, problem));
  }, ANSWER_MS);
  const wanted = AbortSignal.any([signal, limit.signal]);
  try {
    if (!await takeTurn(wanted)) return await askProcess(want, path, wanted);
    beginLook(path);
    const look = lookAtFile(want, path).finally(() => {
      turn.giveBack();
      endLook(path);
      silent.forget(path);
    });
    return await untilAborted(wanted, look);
  } finally {
    clearTimeout(timer);
  }
}

function beginLook(path: string): void {
  looks.set(path, (looks.get(path) ?? 0) + 1);
}

function endLook(path: string): void {
  const left = (looks.get(path) ?? 0) - 1;
  if (left > 0) looks.set(path, left);
  else looks.delete(path);
}

/**
 * Looks at a file for a short time.
 * @returns undefined when its file system does not answer, at once when it has not answered shortly
 * before. @throws {ConfigError} or the signal's reason.
 */
export async function askBriefly<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<FileAnswers[Want] | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const wanted = AbortSignal.any([signal, limit]);
  try {
    // One after the other: where one hangs, the next would be held as well.
    for (let other = brief.get(path); other !== undefined; other = brief.get(path)) {
      await untilAborted(wanted, other);
    }
    const isLeftAlone = silent.leavesAlone(path, performance.now(), looks.has(path));
    return isLeftAlone ? undefined : await askAlone(want, path, wanted);
  } catch (error) {
    signal.throwIfAborted();
    if (error !== limit.reason) throw error;
    return undefined;
  }
}

async function askAlone<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
  wanted: AbortSignal,
): Promise<FileAnswers[Want]> {
  const end = Promise.withResolvers<void>();
  brief.set(path, end.promise);
  try {
    const answer = await askForFile(want, path, wanted);
    silent.forget(path);
    return answer;
  } catch (error) {
    if (wanted.aborted && looks.has(path)) silent.note(path, performance.now());
    throw error;
  } finally {
    brief.delete(path);
    end.resolve();
  }
}

/**
 * Whether there are files. Of several in a folder, those that are no links are found by one look at
 * the folder: what a link leads to may be on a file system that hangs.
 * @returns by path; one whose file system does not answer is missing in it, at once when it has not
 * answered shortly before.
 */
export async function presenceOf(paths: Iterable<string>): Promise<ReadonlyMap<string, boolean>> {
  const known = new Map<string, boolean>();
  const byFolder = Map.groupBy(new Set(paths), dirname);
  await Promise.all([...byFolder].map(async ([folder, files]) => {
    const plain = files.length === 1 ? [] : await askWhileItAnswers("plainFiles", folder);
    // Where the folder does not answer, neither do its files.
    if (plain === undefined) return;
    const names = new Set(plain);
    await Promise.all(files.map(async (path) => {
      const isThere = names.has(basename(path)) || await askWhileItAnswers("presence", path);
      if (isThere !== undefined) known.set(path, isThere);
    }));
  }));
  return known;
}

/** @returns undefined where the file system does not answer, or there is no way to ask. */
async function askWhileItAnswers<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
): Promise<FileAnswers[Want] | undefined> {
  try {
    return await askBriefly(want, path, PRESENCE_MS, NEVER);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

/** @returns false when it takes too long. @throws the signal's reason once it has fired. */
async function takeTurn(signal: AbortSignal): Promise<boolean> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), PATIENCE_MS);
  try {
    await turn.take(AbortSignal.any([signal, impatience.signal]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function askProcess<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
  signal: AbortSignal,
): Promise<FileAnswers[Want]> {
  await processes.take(signal);
  const child = spawn(path, { want, path });
  beginLook(path);
  void child.exited.then(() => {
    processes.giveBack();
    endLook(path);
  });
  try {
    const text = await untilAborted(signal, new Response(child.stdout).text());
    return parseFileReply(want, path, text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ConfigError(path, "the process that looks at it has died", { cause });
  } finally {
    child.kill("SIGKILL");
  }
}

function spawn(path: string, request: FileRequest): Bun.Subprocess<"ignore", "pipe", "ignore"> {
  try {
    return Bun.spawn([OWN_EXECUTABLE, ...PROGRAM, JSON.stringify(request)], {
      argv0: FILE_PROCESS_NAME,
      cwd: "/",
      env: { BUN_GC_TIMER_DISABLE: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (cause) {
    processes.giveBack();
    const problem = `there can be no process that looks at it: ${messageOf(cause)}`;
    throw new ConfigError(path, problem, { cause });
  }
}
