import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bashTables } from "./bash_tables.ts";
import { zshTables } from "./zsh_tables.ts";

const PLACE = "# @TABLES@\n";

/**
 * Makes the completion scripts.
 * @returns each by its file name: etmem.bash for bash, _etmem for zsh.
 */
export function buildCompletions(): Map<string, string> {
  return new Map([
    ["etmem.bash", withTables("etmem.bash", bashTables())],
    ["_etmem", withTables("_etmem", zshTables())],
  ]);
}

function withTables(name: string, tables: string): string {
  const [head, tail, ...more] = readFileSync(join(import.meta.dir, name), "utf8").split(PLACE);
  if (head === undefined || tail === undefined || more.length > 0) {
    throw new Error(`Cannot make "${name}": it has not one place for the tables`);
  }
  return head + tables + tail;
}
