import type { PinnableNames } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import type { ObjectDescription } from "../../project/live_project.ts";
import { nameOfObject, objectKey, projectOf } from "../../project/object_key.ts";
import { objectsOf } from "../../project/object_lists.ts";
import { everyObject, namesake } from "../../project/outline.ts";
import type { Registry } from "../../project/registry.ts";
import { Refusal } from "../../rpc/refusal.ts";
import type { ConfDirStatus } from "../../status/server_status.ts";
import { formatCount } from "../../text/quantities.ts";
import { ConfFile } from "./conf_file.ts";
import type { Look } from "./conf_folder.ts";
import { compareWithFile, type FileUpdate, type Wanted } from "./conf_update.ts";
import { judge, type Verdict } from "./conf_verdicts.ts";
import { loadPinnableNames } from "../load_engines.ts";
import { compileObjects } from "../object_file.ts";

type Verdicts = ReadonlyMap<ConfFile, Verdict>;

/** What the files of --conf-dir say, and which of it the registry has. */
export class ConfState {
  /** By path. */
  readonly #files = new Map<string, ConfFile>();
  #names: PinnableNames | undefined;

  /** The projects that the files have. */
  get projects(): string[] {
    return this.#sorted.flatMap(({ good }) => good?.objects.projects.map(({ name }) => name) ?? []);
  }

  /** Whether all files count as they are. */
  get areAllCurrent(): boolean {
    return this.#sorted.every(({ problem }) => problem === undefined);
  }

  /** Whether a file counts as it is; so does one that has not been seen yet. */
  isCurrent(path: string): boolean {
    const file = this.#files.get(path);
    return file === undefined || (file.bytes !== undefined && file.problem === undefined);
  }

  status(): Pick<ConfDirStatus, "files" | "refused"> {
    return {
      files: this.#files.size,
      refused: this.#sorted.flatMap(({ path, problem, isEarlierUsed }) =>
        problem === undefined
          ? []
          : [{ file: path, problem, earlier_version_counts: isEarlierUsed }]
      ),
    };
  }

  get #sorted(): ConfFile[] {
    return [...this.#files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Takes what has changed. */
  take({ changes, paths }: Look, registry: Registry): void {
    for (const [path, change] of changes) this.#file(path).take(change);
    if (paths === undefined) return;
    // What a client added of a file that was gone before it was seen.
    for (const object of everyObject(registry.outline)) {
      const path = registry.confFileOf(object);
      if (path !== undefined && !paths.has(path)) this.#file(path);
    }
  }

  #file(path: string): ConfFile {
    const file = this.#files.get(path) ?? new ConfFile(path);
    this.#files.set(path, file);
    return file;
  }

  /** Has versions that could not be applied tried again. */
  retry(): void {
    for (const file of this.#files.values()) file.retry();
  }

  /**
   * Makes the registry have what the files say, file by file, each as a whole or not at all.
   * @returns the projects of which something is new or different.
   */
  async apply(registry: Registry, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    this.#names ??= await loadPinnableNames();
    for (;;) {
      const verdicts = await this.#judge(registry, this.#names);
      const isDone = await this.#applyAll(verdicts, changed, registry, signal);
      if (signal.aborted) return new Set();
      if (isDone) return changed;
    }
  }

  #judge(registry: Registry, names: PinnableNames): Promise<Verdicts> {
    const elsewhere = [...everyObject(registry.outline)]
      .filter((object) => registry.confFileOf(object) === undefined);
    return judge(
      this.#sorted,
      elsewhere,
      (bytes, path, project) => compileObjects(bytes, path, names, project),
    );
  }

  /** @returns false when an update was refused: then the files are to be judged anew. */
  async #applyAll(
    verdicts: Verdicts,
    changed: Set<string>,
    registry: Registry,
    signal: AbortSignal,
  ): Promise<boolean> {
    const former = Map.groupBy(everyObject(registry.outline), (one) => registry.confFileOf(one));
    const keys = new Set(
      [...verdicts.values()].flatMap((verdict) => wantedObjects(verdict).map(objectKey)),
    );
    for (const [file, verdict] of verdicts) {
      if (signal.aborted) return false;
      const { path } = file;
      const isKnown = verdict.version !== undefined && verdict.version.bytes === file.good?.bytes;
      const wanted: Wanted = {
        path,
        objects: wantedObjects(verdict),
        isHeld: (key) => isKnown && (file.applied.has(key) || file.away.has(key)),
        isOfAnyFile: (key) => keys.has(key),
        former: former.get(path) ?? [],
      };
      if (!file.isStuck) {
        const update = await this.#tryUpdate(file, verdict, wanted, registry, signal);
        if (update === undefined) return false;
        for (const object of objectsOf(update.add)) changed.add(projectOf(object));
        noteUpdate(file, verdict, wanted, update, registry);
      }
      noteProblem(file, verdict);
      if (file.bytes === undefined && file.unreadable === undefined) this.#files.delete(path);
    }
    return true;
  }

  /** @returns undefined when it was refused, or the signal has fired. */
  async #tryUpdate(
    file: ConfFile,
    verdict: Verdict,
    wanted: Wanted,
    registry: Registry,
    signal: AbortSignal,
  ): Promise<FileUpdate | undefined> {
    try {
      return await this.#update(wanted, registry, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof Refusal)) throw error;
      refuse(file, verdict, error);
      return undefined;
    }
  }

  async #update(wanted: Wanted, registry: Registry, signal: AbortSignal): Promise<FileUpdate> {
    let update = compareWithFile(wanted, registry);
    if (update.isEmpty) return update;
    const projects = new Set([...wanted.objects, ...wanted.former].map(projectOf));
    const gone = await registry.update([...projects], signal, () => {
      update = compareWithFile(wanted, registry);
      if (update.isEmpty) return undefined;
      for (const object of objectsOf(update.add)) registry.attribute(object, wanted.path);
      return update;
    });
    for (const object of gone) {
      const path = registry.confFileOf(object);
      if (path === undefined) {
        log.warning(
          `"${wanted.path}" has changed, and with it goes what obj add has brought: ` +
            nameOfObject(object),
        );
      } else this.#files.get(path)?.applied.delete(objectKey(object));
    }
    logUpdate(wanted.path, update);
    return update;
  }
}

function wantedObjects({ version }: Verdict): ObjectDescription[] {
  return version === undefined ? [] : objectsOf(version.objects);
}

function noteUpdate(
  file: ConfFile,
  { version }: Verdict,
  { path, objects }: Wanted,
  { kept, away }: FileUpdate,
  registry: Registry,
): void {
  for (const object of kept) registry.attribute(object, path);
  const there = objects.filter((object) => {
    const found = namesake(registry.outline, object);
    return found !== undefined && registry.confFileOf(found) === path;
  });
  file.applied = new Set(there.map(objectKey));
  file.away = away;
  if (version === undefined) return;
  if (version.bytes !== file.good?.bytes) {
    for (const warning of version.warnings) log.warning(warning);
  }
  file.good = version;
}

/** Has what was applied last count again, or what is there be left alone when it was that. */
function refuse(file: ConfFile, { problem }: Verdict, refusal: Refusal): void {
  file.refused = problem ?? refusal.problem;
  file.isStuck = problem !== undefined || file.bytes === file.good?.bytes;
}

function noteProblem(file: ConfFile, { version, problem }: Verdict): void {
  const { path, problem: before } = file;
  file.problem = problem;
  file.isEarlierUsed = problem !== undefined && version !== undefined;
  if (problem === before) return;
  if (problem !== undefined) {
    log.error(
      version === undefined
        ? `Cannot add "${path}": ${problem}`
        : `Cannot use "${path}" as it is now, what it said before stays: ${problem}`,
    );
  } else if (file.bytes !== undefined) log.info(`"${path}" is right again`);
}

function logUpdate(path: string, { add, remove }: FileUpdate): void {
  const changes = [...changesOf("added", add), ...changesOf("removed", remove)];
  log.info(`"${path}": ${changes.join(", ")}`);
}

function changesOf(
  done: string,
  { projects, engines, tasks }: Readonly<
    Record<"projects" | "engines" | "tasks", readonly unknown[]>
  >,
): string[] {
  return [
    [projects.length, "project", "projects"] as const,
    [engines.length, "engine", "engines"] as const,
    [tasks.length, "task", "tasks"] as const,
  ].filter(([count]) => count > 0)
    .map(([count, one, many]) => `${formatCount(count, one, many)} ${done}`);
}
