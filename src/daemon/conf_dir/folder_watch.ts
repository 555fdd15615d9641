import { constants } from "node:fs";
import { open } from "node:fs/promises";
import {
  IN_ATTRIB,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
  Inotify,
} from "../../../ffi/inotify.ts";

const WATCHED = IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY |
  IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO;
/** What a program that has written to a file does at last, or what takes its name away. */
const WRITTEN = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
const LOST = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

const watches = new Set<FolderWatch>();
let isHandled = false;

/** The handler stays for good: without one SIGIO ends the process. */
function handleSigio(): void {
  if (isHandled) return;
  isHandled = true;
  process.on("SIGIO", () => {
    for (const watch of watches) watch.take();
  });
}

/** Tells what happens in a folder and to the files in it, by inotify(7). */
export class FolderWatch implements Disposable {
  readonly #inotify = new Inotify();
  readonly #wake: () => void;
  readonly #written = new Set<string>();
  #isLost = false;

  private constructor(wake: () => void) {
    this.#wake = wake;
    watches.add(this);
  }

  /**
   * @param wake called when something has happened.
   * @throws {Error} when the folder cannot be watched.
   */
  static async start(folder: string, wake: () => void): Promise<FolderWatch> {
    // This thread looks no path up, which another machine may have a part of.
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      handleSigio();
      const watch = new FolderWatch(wake);
      try {
        watch.#inotify.watch(`/proc/self/fd/${handle.fd}`, WATCHED | IN_ONLYDIR);
      } catch (error) {
        watch[Symbol.dispose]();
        throw error;
      }
      return watch;
    } finally {
      await handle.close();
    }
  }

  /** The folder has been moved, removed or unmounted: what comes in its place is not watched. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether a program has written to the file and has not closed it yet. */
  isBeingWritten(name: string): boolean {
    this.take();
    return this.#written.has(name);
  }

  /** Takes what has happened so far. */
  take(): void {
    let isAny = false;
    for (const { mask, name } of this.#inotify.take()) {
      isAny = true;
      // Some events are lost, and each look sees all that has changed.
      if ((mask & IN_Q_OVERFLOW) !== 0) this.#written.clear();
      if ((mask & LOST) !== 0) this.#isLost = true;
      if ((mask & IN_MODIFY) !== 0) this.#written.add(name);
      if ((mask & WRITTEN) !== 0) this.#written.delete(name);
    }
    if (isAny) this.#wake();
  }

  [Symbol.dispose](): void {
    watches.delete(this);
    this.#inotify[Symbol.dispose]();
  }
}
