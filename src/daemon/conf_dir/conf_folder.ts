import { join } from "node:path";
import { Semaphore } from "../../async/semaphore.ts";
import { ConfigError } from "../../config/config_error.ts";
import { log } from "../../log/logger.ts";
import { messageOf } from "../../text/message_of.ts";
import type { ConfListing } from "./conf_listing.ts";
import { FolderWatch } from "./folder_watch.ts";
import { askBriefly } from "../timely_file_access.ts";

/** A file counts when it has not changed for so long: editors write, rename and write again. */
export const QUIET_MS = 300;
/** One that is gone may be about to come back. */
const GONE_MS = 700;
/** How often is looked where inotify(7) reports nothing. */
const POLL_MS = 1_000;
/** Looks that take long, because each needs a process of its own, take this share of the time. */
const POLL_SHARE = 20;
/** But not less often than this: a busy machine is slow, too. */
const POLL_MAX_MS = 5_000;
/** How often is looked where it does: a folder may be mounted over the one that is watched. */
const REPORTED_MS = 60_000;
/** How long the folder, or a file, may take to answer. */
const ANSWER_MS = 2_000;
/** Files that are looked at at a time. */
const AT_A_TIME = 8;

/** What has become of a file. */
export type FileChange =
  | { readonly state: "read"; readonly bytes: Uint8Array }
  | { readonly state: "unreadable"; readonly problem: string }
  | { readonly state: "gone" };

/** What a look has found. */
export interface Look {
  /** Files that have changed since the look before, by path. */
  readonly changes: ReadonlyMap<string, FileChange>;
  /** All files that are there; undefined when the folder cannot be read. */
  readonly paths: ReadonlySet<string> | undefined;
  /** When the next look is due if nothing is reported before. */
  readonly nextMs: number;
  /** Whether that look is due then, and not earlier: something has just changed. */
  readonly isUnsettled: boolean;
}

interface SeenFile {
  /** As fileVersion() gives it; "" when it is gone, undefined when nothing answers. */
  readonly version: string | undefined;
  readonly sinceMs: number;
  /** The version that was handed out last. */
  handedOut: string | undefined;
}

/** The files of --conf-dir as they come and go. A file system that hangs holds nothing else up. */
export class ConfFolder implements Disposable {
  readonly path: string;
  /** Why the folder cannot be read; undefined when it can. */
  problem: string | undefined;
  readonly #wake: () => void;
  readonly #seen = new Map<string, SeenFile>();
  #watch: FolderWatch | undefined;

  /** @param path absolute. @param wake called when something has happened in it. */
  constructor(path: string, wake: () => void) {
    this.path = path;
    this.#wake = wake;
  }

  /**
   * Looks at the folder.
   * @param isAtOnce whether files count that have just changed.
   * @throws the signal's reason.
   */
  async look(isAtOnce: boolean, signal: AbortSignal): Promise<Look> {
    const beganMs = performance.now();
    const listing = await this.#list(signal);
    if (listing === undefined) {
      return { ...NOTHING, nextMs: pollMs(performance.now() - beganMs) };
    }
    await this.#follow(listing);
    const versions = await versionsOf(this.path, listing, signal);
    const { due, isUnsettled } = this.#settle(versions, isAtOnce);
    const changes = await this.#read(due, signal);
    const isReported = this.#watch !== undefined && ![...changes.values()].includes(SILENT) &&
      listing.files.every(({ version }) => version !== undefined);
    const reportedMs = isReported ? REPORTED_MS : pollMs(performance.now() - beganMs);
    return {
      changes,
      paths: new Set(listing.files.map(({ name }) => this.#at(name))),
      nextMs: isUnsettled ? QUIET_MS : reportedMs,
      isUnsettled,
    };
  }

  async #list(signal: AbortSignal): Promise<ConfListing | undefined> {
    try {
      const listing = await askBriefly("listing", this.path, ANSWER_MS, signal);
      this.#note(listing === undefined ? SILENT.problem : undefined);
      return listing;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#note(error.problem);
      return undefined;
    }
  }

  #note(problem: string | undefined): void {
    if (this.problem === problem) return;
    this.problem = problem;
    if (problem === undefined) log.info(`"${this.path}" can be read again`);
    else log.error(`Cannot read "${this.path}", what it held stays as it is: ${problem}`);
  }

  /** Has the folder watched where that is enough to notice what happens. */
  async #follow({ isReported }: ConfListing): Promise<void> {
    if (this.#watch?.isLost === false && isReported) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    if (!isReported) return;
    try {
      this.#watch = await FolderWatch.start(this.path, this.#wake);
      // It may have changed since it was listed.
      this.#wake();
    } catch (error) {
      log.debug(
        `Cannot watch "${this.path}", it is looked at again and again: ${messageOf(error)}`,
      );
    }
  }

  /** @returns the versions of files that have changed, and are as they are for long enough. */
  #settle(
    versions: ReadonlyMap<string, string | undefined>,
    isAtOnce: boolean,
  ): { readonly due: ReadonlyMap<string, string | undefined>; readonly isUnsettled: boolean } {
    const due = new Map<string, string | undefined>();
    const nowMs = performance.now();
    let isUnsettled = false;
    for (const name of new Set([...this.#seen.keys(), ...versions.keys()])) {
      const version = versions.has(name) ? versions.get(name) : "";
      const before = this.#seen.get(name);
      const seen = before?.version === version && before !== undefined
        ? before
        : { version, sinceMs: nowMs, handedOut: before?.handedOut };
      this.#seen.set(name, seen);
      if (seen.handedOut === version && version !== undefined) continue;
      // When it is closed, that is reported.
      if (this.#watch?.isBeingWritten(name) === true) continue;
      const quietMs = version === "" ? GONE_MS : QUIET_MS;
      if (isAtOnce || version === undefined || nowMs - seen.sinceMs >= quietMs) {
        due.set(name, version);
      } else {
        isUnsettled = true;
      }
    }
    return { due, isUnsettled };
  }

  async #read(
    due: ReadonlyMap<string, string | undefined>,
    signal: AbortSignal,
  ): Promise<Map<string, FileChange>> {
    const changes = new Map<string, FileChange>();
    const reads = new Semaphore(AT_A_TIME);
    await Promise.all([...due].map(([name, version]) =>
      reads.run(async () => {
        const path = this.#at(name);
        const change = await changeOf(path, version, signal);
        changes.set(path, change);
        const seen = this.#seen.get(name);
        if (version === "") this.#seen.delete(name);
        // One that could not be read is tried again at each look.
        else if (seen !== undefined) seen.handedOut = change.state === "read" ? version : undefined;
      })
    ));
    return changes;
  }

  #at(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}

const NOTHING = { changes: new Map(), paths: undefined, isUnsettled: false } as const;

const SILENT = { state: "unreadable", problem: "its file system does not answer" } as const;

function pollMs(tookMs: number): number {
  return Math.min(Math.max(POLL_MS, tookMs * POLL_SHARE), POLL_MAX_MS);
}

/** @returns versions by name; undefined: a link whose file system does not answer. */
async function versionsOf(
  folder: string,
  { files }: ConfListing,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  const versions = new Map(files.map(({ name, version }) => [name, version]));
  const looks = new Semaphore(AT_A_TIME);
  const links = files.filter(({ version }) => version === undefined);
  await Promise.all(links.map(({ name }) =>
    looks.run(async () => {
      try {
        versions.set(name, await askBriefly("version", join(folder, name), ANSWER_MS, signal));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    })
  ));
  return versions;
}

async function changeOf(
  path: string,
  version: string | undefined,
  signal: AbortSignal,
): Promise<FileChange> {
  if (version === undefined) return SILENT;
  if (version === "") return { state: "gone" };
  try {
    const bytes = await askBriefly("bytes", path, ANSWER_MS, signal);
    return bytes === undefined ? SILENT : { state: "read", bytes };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { state: "unreadable", problem: error.problem };
  }
}
