import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../../../ffi/errno.ts";
import { log } from "../../log/logger.ts";
import { messageOf } from "../../text/message_of.ts";

const VERSION = 1;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** NAME_MAX of limits.h is 255; `.json.new` comes behind it. */
const STEM_MAX = 240;

/**
 * The folder of servers' states: that of StateDirectory= in the unit (systemd.exec(5)),
 * or the same without it.
 */
export function stateFolder(): string {
  return process.env["STATE_DIRECTORY"]?.split(":")[0] || "/var/lib/etmem";
}

/**
 * The name of a server's state file: its socket name where that is one, percent-encoded where not.
 * @internal
 */
export function stateFileName(socket: string): string {
  const encoded = encodeURIComponent(socket);
  const stem = encoded.length <= STEM_MAX
    ? encoded
    : createHash("sha256").update(socket).digest("hex");
  return `${stem}.json`;
}

/**
 * The projects of --conf-dir that clients have stopped, so that they stay stopped when the server
 * starts anew. rename(2) replaces the file as a whole: a server that is killed leaves the old file
 * or the new one.
 */
export class StoppedProjects {
  readonly #path: string;
  readonly #socket: string;
  readonly #names: Set<string>;
  /** The end of the last write; they are done one after the other. */
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, socket: string, names: readonly string[]) {
    this.#path = path;
    this.#socket = socket;
    this.#names = new Set(names);
  }

  /**
   * Reads what an earlier server of this socket name left. What cannot be read goes to the log:
   * none is stopped then.
   */
  static async read(folder: string, socket: string): Promise<StoppedProjects> {
    const path = join(folder, stateFileName(socket));
    try {
      return new StoppedProjects(path, socket, parseState(await readFile(path, "utf8"), socket));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (errorCode(error) !== "ENOENT") {
        log.error(
          `Cannot read "${path}": ${error.message}; which projects were stopped is not known, ` +
            "so all of --conf-dir are started",
        );
      }
      return new StoppedProjects(path, socket, []);
    }
  }

  has(project: string): boolean {
    return this.#names.has(project);
  }

  /**
   * Remembers that a project is stopped, or is not.
   * @throws {Error} when the file cannot be written; the next change tries again.
   */
  async set(project: string, isStopped: boolean): Promise<void> {
    if (this.#names.has(project) === isStopped) return;
    if (isStopped) this.#names.add(project);
    else this.#names.delete(project);
    await this.#write();
  }

  /** Forgets all projects but these. @throws {Error} when the file cannot be written. */
  async keepOnly(projects: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#names].filter((name) => !projects.has(name));
    for (const name of gone) this.#names.delete(name);
    if (gone.length > 0) await this.#write();
  }

  #write(): Promise<void> {
    const text = formatState(this.#socket, this.#names);
    const write = this.#written.then(() => replaceFile(this.#path, text));
    this.#written = write.catch(() => undefined);
    return write;
  }
}

function formatState(socket: string, stopped: ReadonlySet<string>): string {
  return `${JSON.stringify({ version: VERSION, socket, stopped: [...stopped].sort() })}\n`;
}

/** @throws {Error} when it is not the state of a server of this socket name. */
function parseState(text: string, socket: string): string[] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("it is no JSON object");
  const { version, socket: owner, stopped } = value as Readonly<Record<string, unknown>>;
  if (version !== VERSION) throw new Error(`it is of version ${String(version)}, not ${VERSION}`);
  if (owner !== socket) throw new Error(`it belongs to socket "${String(owner)}"`);
  if (!Array.isArray(stopped) || !stopped.every((name) => typeof name === "string")) {
    throw new Error('its "stopped" is no list of names');
  }
  return stopped;
}

/** Replaces a file as a whole, on the disk as well. @throws {Error} that names it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const file = await open(draft, "w", FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new Error(`Cannot write "${path}": ${messageOf(cause)}`, { cause });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
