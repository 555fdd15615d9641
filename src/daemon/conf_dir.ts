import { basename, dirname } from "node:path";
import type { ProjectDescription } from "../config/project.ts";
import { log } from "../log/logger.ts";
import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import { messageOf } from "../text/message_of.ts";
import { untilAborted } from "../async/abortable.ts";
import { isConfFile, listConfFiles } from "./conf_files.ts";
import { askForFile } from "./timely_file_access.ts";
import { addFile } from "./object_file.ts";
import { stateFolder, StoppedProjects } from "./stopped_projects.ts";
import { WaitingProjects } from "./waiting_projects.ts";

/** How long the folder, or the state folder, may take to answer. */
const FOLDER_MS = 2_000;
const NEVER = new AbortController().signal;

/** The folder of --conf-dir. A server that starts anew adds its objects again. */
export class ConfDir {
  readonly #folder: string;
  /** Sorted by name. */
  readonly #files: readonly string[];
  readonly #stopped: StoppedProjects;
  readonly #waiting = new WaitingProjects();

  private constructor(folder: string, files: readonly string[], stopped: StoppedProjects) {
    this.#folder = folder;
    this.#files = files;
    this.#stopped = stopped;
  }

  /**
   * Lists the folder, and reads which of its projects were stopped.
   * @param folder absolute.
   * @param socket the name given with -s.
   * @throws {Error} when the folder cannot be read, or others than root may write to it; or the
   * signal's reason.
   */
  static async open(folder: string, socket: string, signal: AbortSignal): Promise<ConfDir> {
    const state = stateFolder();
    const files = await inTime(folder, signal, listConfFiles(folder));
    const stopped = await inTime(state, signal, StoppedProjects.read(state, socket));
    return new ConfDir(folder, files, stopped);
  }

  /**
   * Whether a server that starts anew would add this file.
   * @throws the signal's reason once it has fired.
   */
  async holds(path: string, signal: AbortSignal): Promise<boolean> {
    if (!isConfFile(basename(path))) return false;
    // Files elsewhere do not wait for a folder that does not answer.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FOLDER_MS)]);
    const [own, folder] = await Promise.all(
      [this.#folder, dirname(path)].map((one) =>
        askForFile("realPath", one, limit).catch(() => "")
      ),
    );
    signal.throwIfAborted();
    // Where there is none, reading the file will say what is wrong with its path.
    return folder !== "" && folder === own;
  }

  /** Remembers that a project was started or stopped. @throws {Error} when it cannot be. */
  remember(project: string, started: boolean): Promise<void> {
    this.#waiting.forget(project);
    return inTime(stateFolder(), NEVER, this.#stopped.set(project, !started));
  }

  /** Why a project could not be started, and is tried again; undefined when it does not wait. */
  waitsFor(project: ProjectDescription): string | undefined {
    return this.#waiting.reason(project);
  }

  /**
   * Has a project that waits for its start wait no longer, and remembers that it was stopped.
   * @returns warnings, which are in the log too; undefined when it did not wait.
   */
  async giveUpStart(project: string): Promise<string[] | undefined> {
    if (!this.#waiting.forget(project)) return undefined;
    try {
      await this.remember(project, false);
      return [];
    } catch (error) {
      const warning = `Cannot remember over a restart that project "${project}" is stopped: ` +
        messageOf(error);
      log.warning(warning);
      return [warning];
    }
  }

  /**
   * Adds the files and starts their projects, save those that were stopped before. A refusal goes
   * to the log; the others are added all the same. What cannot be started waits.
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
      }
    }
    const wanted = projects.filter((project) => !this.#stopped.has(project));
    if (wanted.length > 0) await this.#waiting.start(wanted, registry, signal);
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

/** Waits for a folder. @throws {Error} when it does not answer; or the signal's reason. */
async function inTime<T>(folder: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    const seconds = FOLDER_MS / 1000;
    limit.abort(new Error(`Cannot use "${folder}": it has not answered for ${seconds} s`));
  }, FOLDER_MS);
  try {
    return await untilAborted(AbortSignal.any([signal, limit.signal]), work);
  } finally {
    clearTimeout(timer);
  }
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
