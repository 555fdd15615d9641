import { filesBelow } from "./program_files.ts";
import { FOLDERS } from "./rooms.ts";

const TABLE = "tests/tools/layering/rooms.ts";

/**
 * Compares the folders below `top` with those that rooms.ts lists, but for its rooms and for hidden
 * folders. @returns one line for each that is on one side only.
 */
export function unlistedFolders(top: string): string[] {
  const present = new Set(
    filesBelow(top).sort().map(folderOf).filter((folder) => folder !== undefined),
  );
  const listed = new Set(Object.keys(FOLDERS));
  return [
    ...[...present.difference(listed)].map((folder) => `${folder}: ${TABLE} does not list it`),
    ...[...listed.difference(present)].map((folder) => `${TABLE}: there is no folder "${folder}"`),
  ];
}

/** The folder of the table in which a file lies; undefined for a file of a room or of no folder. */
function folderOf(file: string): string | undefined {
  const [first = "", second = "", ...deeper] = file.split("/");
  if (first === "tests") return deeper.length > 0 ? `tests/${second}` : undefined;
  const isListed = second !== "" && first !== "src" && first !== "ffi" && !first.startsWith(".");
  return isListed ? first : undefined;
}
