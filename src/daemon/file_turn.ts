import { KeyedLock } from "../async/keyed_lock.ts";
import { untilAborted } from "../async/until_aborted.ts";

const turns = new KeyedLock();
const FILES = ["files"];

/**
 * Uses files, one caller after the other: what a file system that does not answer keeps waiting is one of the
 * runtime's few threads for files, and not all of them.
 * @param signal once it has fired the caller is not kept waiting; the turn goes on until the kernel answers.
 * @throws what `use` throws, or the signal's reason.
 */
export async function takeFileTurn<T>(signal: AbortSignal, use: () => Promise<T>): Promise<T> {
  return await untilAborted(signal, turns.run(FILES, signal, use));
}
