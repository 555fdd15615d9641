import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { importsOf } from "./imports.ts";
import { filesBelow, roomOf } from "./program_files.ts";
import { type Room, ROOMS } from "./rooms.ts";

/**
 * Compares the table in rooms.ts with what the program below `top` imports.
 * @returns one line for each entry that no file of its room uses.
 */
export function unusedGrants(top: string): string[] {
  const used = usedGrants(top);
  return Object.entries(ROOMS).flatMap(([name, room]) => grantsOf(name, room))
    .filter((grant) => !used.has(grant))
    .map((grant) => `tests/tools/layering/rooms.ts: no file uses that ${grant}`);
}

/** The entries of a room: `cli may import rpc`. */
function grantsOf(name: string, { imports, types = [] }: Room): string[] {
  return [
    ...imports.map((entry) => `${name} may import ${entry}`),
    ...types.map((entry) => `${name} may import types of ${entry}`),
  ];
}

/** Every entry that some import needs. */
function usedGrants(top: string): Set<string> {
  const used = new Set<string>();
  for (const file of filesBelow(top)) {
    const name = roomOf(file);
    if (name === undefined || !file.endsWith(".ts")) continue;
    for (const { specifier, typeOnly } of importsOf(readFileSync(join(top, file), "utf8"))) {
      if (!specifier.startsWith(".")) continue;
      const target = normalize(join(dirname(file), specifier));
      const kind = typeOnly ? "types of " : "";
      used.add(`${name} may import ${kind}${target}`);
      used.add(`${name} may import ${kind}${roomOf(target)}`);
    }
  }
  return used;
}
