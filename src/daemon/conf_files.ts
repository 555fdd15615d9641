import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../ffi/errno.ts";
import { messageOf } from "../text/message_of.ts";

/** What editors and rpm leave beside a file. */
const LEFTOVER = /~$|\.rpm(?:new|save|orig)$/;

const GROUP_OR_OTHERS_WRITE = 0o022;

/**
 * Whether a name in the folder is that of a configuration file: hidden ones and leftovers are not.
 */
export function isConfFile(name: string): boolean {
  return !name.startsWith(".") && !LEFTOVER.test(name);
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such folder"],
  ["ENOTDIR", "it is no folder"],
]);

/**
 * The configuration files of a folder, sorted by name.
 * @throws {Error} when it cannot be read, or others than root may write to it.
 */
export async function listConfFiles(folder: string): Promise<string[]> {
  try {
    await checkFolder(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory() && isConfFile(entry.name));
    return files.map(({ name }) => name).sort().map((name) => join(folder, name));
  } catch (cause) {
    const reason = REASONS.get(errorCode(cause) ?? "") ?? messageOf(cause);
    throw new Error(`Cannot read the folder of --conf-dir "${folder}": ${reason}`, { cause });
  }
}

/**
 * Refuses a folder that others than root may write to: by a link they could have any configuration
 * file of root's added, and any other file quoted in the log.
 * @throws {Error} that says what is wrong.
 */
async function checkFolder(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid === 0 && (mode & GROUP_OR_OTHERS_WRITE) === 0) return;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  throw new Error(
    `its owner is ${uid} and its mode ${octal}, allowed is 0 and not writable by group and others`,
  );
}
