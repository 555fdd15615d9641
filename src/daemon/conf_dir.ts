import { readdirSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../ffi/errno.ts";
import { log } from "../log/logger.ts";
import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import { messageOf } from "../text/message_of.ts";
import { takeFileTurn } from "./read_config_file.ts";
import { addFile } from "./object_file.ts";
import { stateFolder, StoppedProjects } from "./stopped_projects.ts";

/** What editors and rpm leave beside a file. */
const LEFTOVER = /~$|\.rpm(?:new|save|orig)$/;

const GROUP_OR_OTHERS_WRITE = 0o022;

/**
 * Whether a name in the folder is that of a configuration file: hidden ones and leftovers are not.
 */
function isConfFile(name: string): boolean {
  return !name.startsWith(".") && !LEFTOVER.test(name);
}

/** The folder of --conf-dir. A server that starts anew adds its objects again. */
export class ConfDir {
  readonly #folder: string;
  /** Sorted by name. */
  readonly #files: readonly string[];
  readonly #stopped: StoppedProjects;

  /**
   * Lists the folder, and reads which of its projects were stopped.
   * @param folder absolute.
   * @param socket the name given with -s.
   * @throws {Error} when the folder cannot be read, or others than root may write to it.
   */
  constructor(folder: string, socket: string) {
    this.#folder = folder;
    this.#files = listFiles(folder);
    this.#stopped = StoppedProjects.read(stateFolder(), socket);
  }

  /**
   * Whether a server that starts anew would add this file.
   * @throws the signal's reason once it has fired.
   */
  async holds(path: string, signal: AbortSignal): Promise<boolean> {
    if (!isConfFile(basename(path))) return false;
    return await takeFileTurn(signal, async () => {
      try {
        return await realpath(dirname(path)) === await realpath(this.#folder);
      } catch {
        // Reading the file will say what is wrong with its path.
        return false;
      }
    });
  }

  /** Remembers that a project was started or stopped. @throws {Error} when it cannot be. */
  remember(project: string, started: boolean): Promise<void> {
    return this.#stopped.set(project, !started);
  }

  /**
   * Adds the files and starts their projects, save those that were stopped before. A refusal goes
   * to the log; the others are added all the same.
   */
  async load(registry: Registry, signal: AbortSignal): Promise<void> {
    const projects: string[] = [];
    let refused = 0;
    for (const path of this.#files) {
      const isDone = await attempt(`Cannot add "${path}"`, signal, async () => {
        const added = await addFile(path, registry, { confFile: path, signal });
        projects.push(...added.projects);
      });
      if (!isDone) refused += 1;
    }
    for (const project of projects) {
      if (this.#stopped.has(project)) {
        log.info(`project "${project}" stays stopped, as it was before`);
        continue;
      }
      await attempt(`Cannot start project "${project}"`, signal, async () => {
        await registry.start(project, signal);
      });
    }
    // The projects of a refused file may be there again once it is mended.
    if (refused > 0 || signal.aborted) return;
    // Clients have added and stopped some meanwhile.
    const added = registry.view().map(({ description }) => description.name);
    await this.#forgetOthers([...projects, ...added]);
  }

  async #forgetOthers(projects: readonly string[]): Promise<void> {
    try {
      await this.#stopped.keepOnly(new Set(projects));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log.warning(error.message);
    }
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such folder"],
  ["ENOTDIR", "it is no folder"],
]);

function listFiles(folder: string): string[] {
  try {
    checkFolder(folder);
    const entries = readdirSync(folder, { withFileTypes: true });
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
function checkFolder(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid === 0 && (mode & GROUP_OR_OTHERS_WRITE) === 0) return;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  throw new Error(
    `its owner is ${uid} and its mode ${octal}, allowed is 0 and not writable by group and others`,
  );
}

/** @returns whether it was done. Nothing is tried, or reported, once the signal has fired. */
async function attempt(
  failed: string,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (!signal.aborted) log.error(`${failed}: ${error.message}`);
    return false;
  }
}
