import type { FileObject } from "./file_objects.ts";
import type { KeyFile } from "./key_file.ts";

/**
 * The key file text that a third-party engine is handed: these objects of a file, in the order of the
 * file, and the comments at its top; every line is as it stands there.
 */
export function thirdPartyText(
  { preamble }: KeyFile,
  objects: readonly (FileObject | undefined)[],
): string {
  const groups = objects
    .flatMap((object) => object?.groups ?? [])
    .toSorted((a, b) => a.line - b.line);
  return [...preamble, ...groups.flatMap((group) => group.source)].join("\n");
}
