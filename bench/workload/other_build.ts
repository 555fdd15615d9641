import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Makes a folder in which a build has the names of its programs.
 * @param executable the build. @returns the folder.
 */
export function folderOfBuild(executable: string, folder: string): string {
  const bin = join(folder, "before");
  mkdirSync(bin, { recursive: true });
  for (const name of ["etmem", "etmemd"]) symlinkSync(resolve(executable), join(bin, name));
  return bin;
}
