import { readdirSync } from "node:fs";
import { join } from "node:path";

const NOT_OURS = new Set(["node_modules", "dist", ".git", ".cache"]);

/** All files below a folder, as paths relative to it. */
export function filesBelow(top: string, folder = ""): string[] {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(top, path) : [path];
  });
}

/** The room that a file of the program lies in; undefined for all other files. */
export function roomOf(path: string): string | undefined {
  const [first, second, ...deeper] = path.split("/");
  if (first === "main.ts") return "main";
  if (first === "ffi") return "ffi";
  return first === "src" && second !== undefined && deeper.length > 0 ? second : undefined;
}
