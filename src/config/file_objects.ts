import type { KeyFile, KeyFileEntry, KeyFileGroup } from "./key_file.ts";

/** The groups that a file describes objects in. */
export const OBJECT_KINDS = ["project", "engine", "task"] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** A project, an engine or a task of a file: a group, and the groups that continue it. */
export interface FileObject {
  readonly kind: ObjectKind;
  /** Line of its first header. */
  readonly line: number;
  readonly groups: readonly KeyFileGroup[];
  /** The entries of all its groups, in file order. */
  readonly entries: readonly KeyFileEntry[];
}

/** A file's objects and what else it has, both in file order. */
export interface FileContents {
  readonly objects: readonly FileObject[];
  readonly unknownGroups: readonly KeyFileGroup[];
}

/**
 * Makes objects of the groups of a file. A group with a name begins an object. A group without one
 * continues the object before of its kind, as GLib merges groups.
 */
export function findObjects(file: KeyFile): FileContents {
  const parts: { kind: ObjectKind; groups: KeyFileGroup[] }[] = [];
  const unknownGroups: KeyFileGroup[] = [];
  const latest = new Map<ObjectKind, KeyFileGroup[]>();
  for (const group of file.groups) {
    const kind = OBJECT_KINDS.find((known) => known === group.name);
    const before = kind && latest.get(kind);
    if (kind === undefined) {
      unknownGroups.push(group);
    } else if (before !== undefined && !hasName(kind, group)) {
      before.push(group);
    } else {
      const groups = [group];
      parts.push({ kind, groups });
      latest.set(kind, groups);
    }
  }
  const objects = parts.map(({ kind, groups }) => ({
    kind,
    line: groups[0]?.line ?? 0,
    groups,
    entries: groups.flatMap((group) => group.entries),
  }));
  return { objects, unknownGroups };
}

/**
 * The text of some objects as a key file, in the order of their file, with the comments at its top.
 * Every line is as it stands there.
 */
export function textOfObjects(
  { preamble }: KeyFile,
  objects: readonly (FileObject | undefined)[],
): string {
  const groups = objects
    .flatMap((object) => object?.groups ?? [])
    .toSorted((a, b) => a.line - b.line);
  return [...preamble, ...groups.flatMap((group) => group.source)].join("\n");
}

/** `engine` stands for the name of an [engine] that has none. */
function hasName(kind: ObjectKind, group: KeyFileGroup): boolean {
  return group.entries.some(({ key }) => key === "name" || (kind === "engine" && key === "engine"));
}
