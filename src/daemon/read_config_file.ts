import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ConfigError } from "../config/config_error.ts";

/** Largest configuration file: 10 MiB. */
const CONFIG_FILE_MAX_BYTES = 10 * 1024 * 1024;

const PIECE_BYTES = 64 * 1024;

/** open(2) returns at once for a FIFO, and no terminal becomes ours. Bun adds O_CLOEXEC. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a configuration file: a regular file of root:root with mode 0600 or 0400 and at most
 * 10 MiB, checked on the descriptor that is read.
 * @throws {ConfigError} that says what the file is and what would be right.
 */
export async function readConfigFile(path: string): Promise<Uint8Array> {
  const file = await attempt(path, () => open(path, FLAGS));
  try {
    checkStats(path, await attempt(path, () => file.stat()));
    return await attempt(path, () => readAll(path, file));
  } finally {
    await file.close();
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof ConfigError) throw cause;
    throw new ConfigError(path, reasonOf(cause), { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of the path is no folder",
  EACCES: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  ERR_INVALID_ARG_VALUE: "the path has a NUL byte",
  ENXIO: "it is a socket or a device, allowed is a regular file",
};

function reasonOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return REASONS[code] ?? `it cannot be read: ${code || error.message}`;
}

function checkStats(path: string, stats: Stats): void {
  const mode = stats.mode & 0o7777;
  if (!stats.isFile()) {
    throw new ConfigError(path, `it is ${typeOf(stats)}, allowed is a regular file`);
  }
  if (stats.uid !== 0 || stats.gid !== 0) {
    const owner = `${stats.uid}:${stats.gid}`;
    throw new ConfigError(path, `its owner is ${owner}, allowed is 0:0 (chown root:root)`);
  }
  if (mode !== 0o600 && mode !== 0o400) {
    const octal = mode.toString(8).padStart(4, "0");
    throw new ConfigError(path, `its mode is ${octal}, allowed is 0600 or 0400 (chmod 600)`);
  }
  if (stats.size > CONFIG_FILE_MAX_BYTES) throw tooLong(path);
}

function typeOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}

/** Reads to the end in pieces: what the size said when the file was checked may be wrong by now. */
async function readAll(path: string, file: FileHandle): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length <= CONFIG_FILE_MAX_BYTES) {
    const piece = new Uint8Array(PIECE_BYTES);
    const { bytesRead: count } = await file.read(piece, 0, piece.length, null);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(piece.subarray(0, count));
    length += count;
  }
  throw tooLong(path);
}

function tooLong(path: string): ConfigError {
  return new ConfigError(path, `it is too long, allowed are ${CONFIG_FILE_MAX_BYTES} bytes`);
}
