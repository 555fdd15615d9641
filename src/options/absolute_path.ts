import { UsageError } from "./usage_error.ts";

/** Where a program without a working folder is sent before it begins (packaging/start_code.ts). */
const NO_FOLDER = /^\/proc\/\d+\/task$/;

/** Whether a process that works in this folder had none when it began. */
export function isNoFolder(folder: string): boolean {
  return NO_FOLDER.test(folder);
}

/**
 * A path that begins with a slash. Only the kernel resolves `..`: after a symbolic link it is not
 * the folder before it.
 * @param folder the working folder, to which a path without a slash at its begin is relative.
 * @throws {UsageError} when there is none.
 */
export function absolutePath(path: string, folder: string): string {
  if (path.startsWith("/")) return path;
  if (isNoFolder(folder)) {
    throw new UsageError(
      `Cannot resolve "${path}": the working folder has been removed or cannot be reached, ` +
        "an absolute path is allowed",
    );
  }
  return `${folder === "/" ? "" : folder}/${path.replace(/^(?:\.\/+)+/, "")}`;
}
