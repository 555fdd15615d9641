import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { AT_FDCWD, lockFile } from "../../ffi/libc.ts";
import { readProcessStat } from "../procfs/process_stat.ts";
import { messageOf } from "../text/message_of.ts";

/** Where scripts find the pid of a server that was started with -m. */
export const PID_FILE = "/run/etmemd.pid";

const MODE = 0o600;
/**
 * How often another server may come in between before this one gives up,
 * and how long it waits each time.
 */
const ATTEMPTS = 1000;
const PAUSE_MS = 1;

/** Neither follows a symbolic link nor waits for the other end of a FIFO. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK |
  constants.O_NOCTTY;
/** A pid and its newline; of a larger file no more is looked at. */
const READ_BYTES = 16;

/** Of open(2): it is not there, a symbolic link, a socket or a device without a driver. */
const NO_PID_FILE: ReadonlySet<string> = new Set(["ENOENT", "ELOOP", "ENXIO", "ENODEV"]);

/** Opens a pid file. @returns undefined when there is nothing at the path that could be opened. */
function openPidFile(path: string): number | undefined {
  try {
    return openSync(path, READ_FLAGS);
  } catch (error) {
    if (NO_PID_FILE.has(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/**
 * The pid in a pid file; undefined when it is no regular file, or has no pid in it.
 * @throws EISDIR of a folder.
 */
function readPid(fd: number): number | undefined {
  const stats = fstatSync(fd);
  // A folder is not removed: reading it fails, and the error says that it is one.
  if (!stats.isFile() && !stats.isDirectory()) return undefined;
  const bytes = Buffer.alloc(READ_BYTES);
  const text = bytes.toString("latin1", 0, readSync(fd, bytes)).trim();
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

/** Whether a pid is that of an etmemd which is alive and not this one. */
function isOtherServer(pid: number | undefined): pid is number {
  if (pid === undefined || pid === process.pid) return false;
  const stat = readProcessStat(AT_FDCWD, `/proc/${pid}/stat`);
  return stat !== undefined && stat.comm === "etmemd" && !stat.isDead;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/**
 * Gives a file another name unless that is taken: link(2) never replaces.
 * @returns whether it worked.
 */
function linkUnlessTaken(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether a path leads to the file that is open. */
function isAt(path: string, fd: number): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return there !== undefined && there.ino === open.ino && there.dev === open.dev;
}

/**
 * Removes the file at a path, unless it names another live server. Of several servers that find it
 * stale, the one that has locked it removes it; the others see by its inode that another file has
 * taken its place. @returns the pid of that server.
 */
function removeStale(path: string): number | undefined {
  const fd = openPidFile(path);
  if (fd === undefined) {
    // A pid file can be opened, so this is none.
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) unlinkIfThere(path);
    return undefined;
  }
  try {
    const pid = readPid(fd);
    if (isOtherServer(pid)) return pid;
    lockFile(fd);
    if (isAt(path, fd)) unlinkIfThere(path);
    return undefined;
  } catch (error) {
    if (errorCode(error) === "EAGAIN") return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes this process's pid to a file of mode 0600 that appears whole. A file that names another
 * live etmemd is left alone; a stale one is replaced.
 * @returns the pid of that other server, or undefined when the file is ours.
 * @throws {Error} that names the file when it cannot be written; then nothing is left of it.
 */
export function writePidFile(path = PID_FILE): number | undefined {
  const draft = `${path}.${process.pid}`;
  try {
    unlinkIfThere(draft);
    try {
      writeDraft(draft);
      return putInPlace(draft, path);
    } finally {
      unlinkIfThere(draft);
    }
  } catch (cause) {
    throw new Error(`Cannot write "${path}": ${messageOf(cause)}`, { cause });
  }
}

/** Gives the draft its name. @returns the pid of the live server that has it. */
function putInPlace(draft: string, path: string): number | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (linkUnlessTaken(draft, path)) return undefined;
    const pid = removeStale(path);
    if (pid !== undefined) return pid;
    if (attempt > 0) Bun.sleepSync(PAUSE_MS);
  }
  throw new Error("others keep replacing it");
}

/** Writes this process's pid to a new file. @throws the error of the file system. */
function writeDraft(path: string): void {
  const fd = openSync(path, "wx", MODE);
  try {
    fchmodSync(fd, MODE);
    writeSync(fd, `${process.pid}\n`);
  } finally {
    closeSync(fd);
  }
}

/** What stands in a pid file. */
export interface PidFileContent {
  /** Absent where it holds no pid. */
  readonly pid: number | undefined;
  /** Whether an etmemd has that pid, and lives. */
  readonly isServer: boolean;
}

/**
 * Reads a pid file.
 * @returns undefined when there is none. @throws the error of the file system.
 */
export function readPidFile(path = PID_FILE): PidFileContent | undefined {
  const fd = openPidFile(path);
  if (fd === undefined) return undefined;
  try {
    const pid = readPid(fd);
    return { pid, isServer: isOtherServer(pid) };
  } finally {
    closeSync(fd);
  }
}

/** Removes the pid file if it holds this process's pid. */
export function removePidFile(path = PID_FILE): void {
  const fd = openPidFile(path);
  if (fd === undefined) return;
  try {
    if (readPid(fd) === process.pid) unlinkIfThere(path);
  } finally {
    closeSync(fd);
  }
}
