import { type BigIntStats, constants } from "node:fs";
import { access, lstat, readdir, realpath, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../../ffi/errno.ts";
import { ConfigError } from "../../config/config_error.ts";
import { messageOf } from "../../text/message_of.ts";

/** What a folder of --conf-dir holds. */
export interface ConfListing {
  /** Whether inotify(7) reports all that happens to the folder and to the files in it. */
  readonly isReported: boolean;
  /** Sorted by name. */
  readonly files: readonly ConfEntry[];
}

/** A configuration file in that folder. */
export interface ConfEntry {
  readonly name: string;
  /** As fileVersion() gives it; undefined for a link, which may lead to another file system. */
  readonly version: string | undefined;
}

/**
 * What editors and packagers leave beside a file for long; what they have there for a moment is
 * gone before a file counts.
 */
const LEFTOVER = /~$|^#.*#$|;[0-9a-f]{8}$|\.(?:rpm|dpkg-|ucf-)(?:new|save|orig|old|dist|tmp|bak)$/;
const BACKUP = /\.(?:swp|swo|swx|tmp|bak|old|new|orig)$/;

const GROUP_OR_OTHERS_WRITE = 0o022;

/** File systems that no other machine changes, of linux/magic.h: ext, xfs, btrfs and so on. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53,
  0x58465342,
  0x9123683e,
  0x01021994,
  0x858458f6,
  0x794c7630,
  0xf2f52010,
  0xca451a4e,
  0x2fc12fc1,
  0x73717368,
  0xe0f5e1e2,
]);

/**
 * Whether a name in the folder is that of a configuration file: hidden ones and leftovers are not.
 */
export function isConfFile(name: string): boolean {
  return !name.startsWith(".") && !LEFTOVER.test(name) && !BACKUP.test(name);
}

/**
 * Lists a folder of --conf-dir.
 * @throws {ConfigError} when it cannot be read, or others than root may write to it.
 */
export async function listConfFolder(folder: string): Promise<ConfListing> {
  try {
    await checkFolder(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    const confFiles = entries.filter((entry) => !entry.isDirectory() && isConfFile(entry.name));
    const files: ConfEntry[] = [];
    for (const entry of confFiles.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry;
      const version = entry.isSymbolicLink() ? undefined : await entryVersion(join(folder, name));
      // Removed since the folder was read.
      if (version !== "") files.push({ name, version });
    }
    return { isReported: await isReported(folder), files };
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const reason = REASONS.get(errorCode(cause) ?? "") ?? messageOf(cause);
    throw new ConfigError(folder, reason, { cause });
  }
}

/**
 * The configuration files of a folder, sorted by name.
 * @throws {Error} when it cannot be read, or others than root may write to it.
 */
export async function listConfFiles(folder: string): Promise<string[]> {
  try {
    return (await listConfFolder(folder)).files.map(({ name }) => join(folder, name));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new Error(`Cannot read the folder of --conf-dir "${folder}": ${cause.problem}`, {
      cause,
    });
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such folder"],
  ["ENOTDIR", "it is no folder"],
]);

/** A text that changes with what is at a path, behind links; where there is nothing it says so. */
export async function fileVersion(path: string): Promise<string> {
  try {
    return versionOf(await stat(path, { bigint: true }));
  } catch (error) {
    return errorCode(error) ?? messageOf(error);
  }
}

/** @returns "" when it is gone. */
async function entryVersion(path: string): Promise<string> {
  try {
    return versionOf(await lstat(path, { bigint: true }));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/**
 * Refuses a folder that others than root may write to: by a link they could have any configuration
 * file of root's added, and any other file quoted in the log. One on a read-only mount may have
 * such a mode: that of a ConfigMap has.
 * @throws {Error} that says what is wrong.
 */
async function checkFolder(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid === 0 && (mode & GROUP_OR_OTHERS_WRITE) === 0) return;
  if (uid === 0 && await isReadOnly(folder)) return;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  throw new Error(
    `its owner is ${uid} and its mode ${octal}, allowed is 0 and not writable by group and others`,
  );
}

async function isReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return false;
  } catch (error) {
    return errorCode(error) === "EROFS";
  }
}

/** A path with links may lead elsewhere without a word of inotify about the folder it led to. */
async function isReported(folder: string): Promise<boolean> {
  const { type } = await statfs(folder);
  return LOCAL_FILE_SYSTEMS.has(type >>> 0) && await realpath(folder) === folder;
}
