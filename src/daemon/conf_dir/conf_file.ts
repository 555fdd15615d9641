import { isDeepStrictEqual } from "node:util";
import type { FileChange } from "./conf_folder.ts";
import type { CompiledObjects, ProjectLookup } from "../object_file.ts";

/** A version of a configuration file, compiled. */
export interface FileVersion extends CompiledObjects {
  readonly bytes: Uint8Array;
}

/** A file of --conf-dir, and what is known of it. */
export class ConfFile {
  readonly path: string;
  /** What it held when it was read last; undefined when it is gone. */
  bytes: Uint8Array | undefined;
  /** Why it cannot be read now. */
  unreadable: string | undefined;
  /** Why what it holds now could not be applied. */
  refused: string | undefined;
  /** Neither could what was applied last: what is there of it is left alone. */
  isStuck = false;
  /** The version that was applied last. */
  good: FileVersion | undefined;
  /** Why what it holds now does not count. */
  problem: string | undefined;
  /** Whether `good` counts instead. */
  isEarlierUsed = false;
  /** Keys of the objects of `good` that were there when it was applied. */
  applied: Set<string> = new Set();
  /** Keys of those that clients have taken out since: they stay away until the file changes. */
  away: ReadonlySet<string> = new Set();
  #versions: readonly FileVersion[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Takes what has become of the file. One that holds the same as before has not changed. */
  take(change: FileChange): void {
    this.unreadable = change.state === "unreadable" ? change.problem : undefined;
    if (change.state === "unreadable") return;
    const bytes = change.state === "read" ? change.bytes : undefined;
    if (isSame(this.bytes, bytes)) return;
    this.bytes = isSame(this.good?.bytes, bytes) ? this.good?.bytes : bytes;
    this.retry();
    if (bytes === undefined) this.good = undefined;
  }

  /** Has it tried again when it could not be applied. */
  retry(): void {
    this.refused = undefined;
    this.isStuck = false;
  }

  /**
   * Compiles a version. Against the same projects as before it gives the same objects.
   * @throws {ConfigError}
   */
  compile(
    bytes: Uint8Array,
    compile: (project: ProjectLookup) => CompiledObjects,
    project: ProjectLookup,
  ): FileVersion {
    const before = this.#versions.find((version) => version.bytes === bytes);
    if (before !== undefined && isOfSameBasis(before, project)) return before;
    const version = { ...compile(project), bytes };
    const others = this.#versions.filter((other) =>
      other.bytes !== bytes && (other.bytes === this.bytes || other.bytes === this.good?.bytes)
    );
    this.#versions = [...others, version];
    return version;
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

function isOfSameBasis({ basis }: FileVersion, project: ProjectLookup): boolean {
  return [...basis].every(([name, description]) => isDeepStrictEqual(project(name), description));
}
