import { basename, dirname, join } from "node:path";
import { onAbort, pause, untilAborted } from "../../async/abortable.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { tryToRemember } from "../../project/remember_started.ts";
import type { Registry } from "../../project/registry.ts";
import type { ConfDirStatus } from "../../status/server_status.ts";
import { ConfFolder, type Look, QUIET_MS } from "./conf_folder.ts";
import { isConfFile, listConfFiles } from "./conf_listing.ts";
import { ConfState } from "./conf_state.ts";
import { stateFolder, StoppedProjects } from "./stopped_projects.ts";
import { askForFile } from "../timely_file_access.ts";
import { WaitingProjects } from "./waiting_projects.ts";

/** How long the folder, or the state folder, may take to answer. */
const FOLDER_MS = 2_000;
const NEVER = new AbortController().signal;

/** The folder of --conf-dir, whose files say what runs. */
export class ConfDir {
  readonly #folder: ConfFolder;
  readonly #stopped: StoppedProjects;
  readonly #waiting = new WaitingProjects();
  readonly #state = new ConfState();
  /** Ends the pause between two looks. */
  #bell = new AbortController();
  /** Something has happened since the last look began. */
  #isRung = false;
  /** Clients have changed something since. */
  #isStale = false;
  /** The pause ends when something happens. */
  #isIdle = false;
  /** The next look takes files as they are, and tries again what was refused. */
  #isAtOnce = true;

  private constructor(folder: string, stopped: StoppedProjects) {
    this.#folder = new ConfFolder(folder, () => this.#ring());
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
    await inTime(folder, signal, listConfFiles(folder));
    const stopped = await inTime(state, signal, StoppedProjects.read(state, socket));
    return new ConfDir(folder, stopped);
  }

  /**
   * The path by which the folder has a file, if it is one of those that count.
   * @throws the signal's reason once it has fired.
   */
  async pathOf(path: string, signal: AbortSignal): Promise<string | undefined> {
    if (!isConfFile(basename(path))) return undefined;
    // Files elsewhere do not wait for a folder that does not answer.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FOLDER_MS)]);
    const [own, folder] = await Promise.all(
      [this.#folder.path, dirname(path)].map((one) =>
        askForFile("realPath", one, limit).catch(() => "")
      ),
    );
    signal.throwIfAborted();
    // Where there is none, reading the file will say what is wrong with its path.
    if (folder === "" || folder !== own) return undefined;
    return join(this.#folder.path, basename(path));
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

  /** Whether a server that starts anew would make the same of a file. */
  isCurrent(path: string): boolean {
    return this.#folder.problem === undefined && this.#state.isCurrent(path);
  }

  /** What `etmem status` says of the folder. */
  status(): ConfDirStatus {
    const { path, problem } = this.#folder;
    return {
      path,
      ...(problem === undefined ? {} : { problem }),
      ...this.#state.status(),
    };
  }

  /**
   * Has a project that waits for its start wait no longer, and remembers that it was stopped.
   * @returns warnings, which are in the log too; undefined when it did not wait.
   */
  async giveUpStart(project: string): Promise<string[] | undefined> {
    if (!this.#waiting.forget(project)) return undefined;
    return await tryToRemember((name, started) => this.remember(name, started), project, false);
  }

  /**
   * Adds the files and starts their projects, save those that were stopped before. A refusal goes
   * to the log; the others are added all the same. What cannot be started waits.
   */
  async load(registry: Registry, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await this.#lookAndApply(registry, signal);
    // The projects of a refused file may be there again once it is mended.
    if (signal.aborted || !this.#state.areAllCurrent || this.#folder.problem !== undefined) return;
    // Clients have added and stopped some meanwhile.
    const added = registry.view().map(({ description }) => description.name);
    await this.#forgetOthers([...this.#state.projects, ...added]);
  }

  /**
   * Follows what happens in the folder, after load(). @returns once the signal has fired.
   */
  async follow(registry: Registry, signal: AbortSignal): Promise<void> {
    using _folder = this.#folder;
    while (!signal.aborted) {
      const { nextMs, isUnsettled } = await this.#lookAndApply(registry, signal);
      if (signal.aborted) return;
      const isBusy = isUnsettled || this.#isRung;
      this.#isIdle = !isBusy;
      const end = onAbort(signal, () => this.#bell.abort());
      await pause(isBusy ? QUIET_MS : nextMs, this.#bell.signal);
      end();
      this.#isIdle = false;
      this.#bell = new AbortController();
    }
  }

  /** Looks at once, and tries again what was refused. */
  reload(): void {
    this.#isAtOnce = true;
    this.#bell.abort();
  }

  /** Looks soon: what clients have changed may change what the files are good for. */
  recheck(): void {
    this.#isStale = true;
    this.#ring();
  }

  #ring(): void {
    this.#isRung = true;
    if (this.#isIdle) this.#bell.abort();
  }

  /** @returns when the next look is due. Nothing is done any more once the signal has fired. */
  async #lookAndApply(
    registry: Registry,
    signal: AbortSignal,
  ): Promise<Pick<Look, "nextMs" | "isUnsettled">> {
    const isAtOnce = this.#isAtOnce;
    this.#isAtOnce = false;
    this.#isRung = false;
    try {
      const look = await this.#folder.look(isAtOnce, signal);
      if (isAtOnce) this.#state.retry();
      if (isAtOnce || this.#isStale || look.changes.size > 0) {
        this.#isStale = false;
        await this.#apply(look, registry, signal);
      }
      return look;
    } catch (error) {
      if (!signal.aborted) throw error;
      return { nextMs: 0, isUnsettled: false };
    }
  }

  async #apply(look: Look, registry: Registry, signal: AbortSignal): Promise<void> {
    this.#state.take(look, registry);
    const changed = await this.#state.apply(registry, signal);
    const due: string[] = [];
    for (const project of changed) {
      if (registry.isStarted(project)) continue;
      if (this.#stopped.has(project)) {
        log.info(`project "${project}" stays stopped, as it was before`);
      } else due.push(project);
    }
    if (due.length > 0) await this.#waiting.start(due, registry, signal);
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
