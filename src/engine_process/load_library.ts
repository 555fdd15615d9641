import { closeSync, constants, fstatSync, openSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { EngineLibrary, LinkError } from "../../ffi/engine_library.ts";
import { errorCode } from "../../ffi/errno.ts";
import { FileMapping } from "../../ffi/own_mappings.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { readText } from "../procfs/read_file.ts";
import { machineName, machineOf, readElfFile } from "./elf_file.ts";
import { RequestRefusal } from "./messages.ts";

/** open(2) returns at once for a FIFO. Bun adds O_CLOEXEC. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const GROUP_OR_OTHERS_WRITE = 0o022;

/**
 * Checks and loads an engine's library: an absolute path of a regular file of root's with mode 0500
 * or 0700, checked on the descriptor that is then loaded. One that looks for others with $ORIGIN is
 * loaded by its path, if only root can have changed that, and compared afterwards.
 * @param beforeLoading called when all is checked, just before code of the library can run.
 * @throws {RequestRefusal} with the reason.
 */
export function loadLibrary(path: string, beforeLoading: () => void): EngineLibrary {
  const refused = (reason: string, cause?: unknown): RequestRefusal =>
    new RequestRefusal(`Cannot load "${path}": ${reason}`, { cause });
  let fd: number | undefined;
  try {
    if (!path.startsWith("/")) throw new RequestRefusal("its path is not absolute");
    fd = openSync(path, FLAGS);
    checkFile(fd);
    const { machine, usesOrigin } = readElfFile(fd);
    const ours = ownMachine();
    if (machine !== ours) {
      throw new RequestRefusal(
        `it is built for ${machineName(machine)}, this is ${machineName(ours)}`,
      );
    }
    if (usesOrigin) return loadByPath(fd, beforeLoading);
    beforeLoading();
    return new EngineLibrary(`/proc/self/fd/${fd}`);
  } catch (error) {
    if (error instanceof RequestRefusal) throw refused(error.message, error);
    if (error instanceof LinkError) {
      throw refused(error.message.replaceAll(`/proc/self/fd/${fd}`, path), error);
    }
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw refused(REASONS[code] ?? `it cannot be read: ${code}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of the path is no folder",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  ENXIO: "it is no regular file",
};

/** @throws {RequestRefusal} */
function checkFile(fd: number): void {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new RequestRefusal("it is no regular file");
  if (stats.uid !== 0) {
    throw new RequestRefusal(`its owner is ${stats.uid}, allowed is 0 (chown root)`);
  }
  const mode = stats.mode & 0o7777;
  if (mode !== 0o500 && mode !== 0o700) {
    const octal = mode.toString(8).padStart(4, "0");
    throw new RequestRefusal(`its mode is ${octal}, allowed is 0500 or 0700 (chmod 500)`);
  }
}

function ownMachine(): number {
  const fd = openSync("/proc/self/exe", constants.O_RDONLY);
  try {
    return machineOf(fd);
  } finally {
    closeSync(fd);
  }
}

/** Loads by the path that a checked descriptor has. @throws {RequestRefusal | LinkError} */
function loadByPath(fd: number, beforeLoading: () => void): EngineLibrary {
  const path = readlinkSync(`/proc/self/fd/${fd}`);
  for (let folder = dirname(path);; folder = dirname(folder)) {
    const { uid, mode } = statSync(folder);
    if (uid !== 0 || (mode & GROUP_OR_OTHERS_WRITE) !== 0) {
      const octal = (mode & 0o7777).toString(8).padStart(4, "0");
      throw new RequestRefusal(
        `it uses $ORIGIN, and the folder "${folder}" has owner ${uid} and mode ${octal}, ` +
          "allowed is 0 and not writable by group and others",
      );
    }
    if (folder === "/") break;
  }
  beforeLoading();
  const library = new EngineLibrary(path);
  using checked = new FileMapping(fd);
  if (fileAt(checked.address) !== fileAt(library.dynamicSection())) {
    throw new RequestRefusal("it was replaced while it was loaded");
  }
  return library;
}

/**
 * Device and inode of what is mapped at an address, as /proc/self/maps names them
 * (proc_pid_maps(5)): on overlayfs and btrfs these are not those of stat(2),
 * so two mappings are compared.
 * @throws {RequestRefusal} when there is no file.
 */
function fileAt(address: number): string {
  for (const line of (readText(AT_FDCWD, "/proc/self/maps") ?? "").split("\n")) {
    const [, start, end, device, inode] = /^([\da-f]+)-([\da-f]+) \S+ \S+ (\S+) (\d+)/.exec(line) ??
      [];
    if (start === undefined || end === undefined || inode === "0") continue;
    if (Number(`0x${start}`) <= address && address < Number(`0x${end}`)) {
      return `${device} ${inode}`;
    }
  }
  throw new RequestRefusal("it is not where it should be mapped");
}
