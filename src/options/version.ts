import { version } from "../../package.json";

/** The version of the whole package. It is written in package.json and nowhere else. */
export const VERSION = version;

/** What `--version` prints: `etmem 1.0.0`. @param program `etmem` or `etmemd`. */
export function versionLine(program: string): string {
  return `${program} ${VERSION}\n`;
}
