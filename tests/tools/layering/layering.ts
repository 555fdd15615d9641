import { readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { importsOf, isBarrel } from "./imports.ts";
import { filesBelow, roomOf } from "./program_files.ts";
import { DRAWERS, PURE_MODULES, RESERVED_MODULES, type Room, ROOMS } from "./rooms.ts";

/** What reaches out of the process without an import; looked for in code without comments. */
const GLOBAL_IO = /\b(?:Bun|process|console)\.\w+|\bfetch\(|\bnew (?:Worker|WebSocket)\(/;

/** Why `from` in `name` may not import the file `target`; undefined when it may. */
function refusal(
  name: string,
  room: Room,
  target: string,
  typeOnly: boolean,
): string | undefined {
  const there = roomOf(target);
  if (there === name) return undefined;
  const allows = (list: readonly string[]): boolean =>
    list.includes(target) || (there !== undefined && list.includes(there));
  if (allows(room.imports) || (typeOnly && allows(room.types ?? []))) return undefined;
  if (there === undefined) return "it lies in no room";
  if (allows(room.types ?? [])) return `${name} may import it by "import type" only`;
  return `${name} may import ${
    [...room.imports, ...room.types ?? []].join(", ") || "no other room"
  }`;
}

/** Why a room may not import a module that is no file of ours; undefined when it may. */
function moduleRefusal(name: string, room: Room, specifier: string): string | undefined {
  const owner = RESERVED_MODULES[specifier];
  if (owner !== undefined) return owner === name ? undefined : `only ${owner} may import it`;
  if (room.pure === true && !PURE_MODULES.includes(specifier)) return `${name} does no I/O`;
  if (!/^(?:node|bun):/.test(specifier) && specifier !== "bun") {
    if (room.packages?.includes(specifier) === true) return undefined;
    return `${name} takes no such package into the executable`;
  }
  return undefined;
}

/** The files on a cycle of imports, closed, or undefined when there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/**
 * Checks the imports of the program below `top` against the table in rooms.ts, and the names of all
 * files. @returns one line for each violation; none: the layering is kept.
 */
export function layeringViolations(top: string): string[] {
  const files = filesBelow(top).sort();
  const violations: string[] = [];
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const drawer = file.split("/").find((part) => DRAWERS.includes(part.replace(/\..*$/, "")));
    if (drawer !== undefined) violations.push(`${file}: "${drawer}" does not say what is inside`);
    if (!file.endsWith(".ts")) continue;
    const source = readFileSync(join(top, file), "utf8");
    if (basename(file) === "index.ts" || isBarrel(source)) {
      violations.push(`${file}: a barrel: import from the files themselves`);
    }
    const name = roomOf(file);
    if (name === undefined) {
      if (file.startsWith("src/")) violations.push(`${file}: lies in no room of src`);
      continue;
    }
    const room = ROOMS[name];
    if (room === undefined) {
      violations.push(`${file}: the table of tests/tools/layering/rooms.ts has no room "${name}"`);
      continue;
    }
    const targets: string[] = [];
    for (const { specifier, typeOnly } of importsOf(source)) {
      let reason: string | undefined;
      if (specifier.startsWith(".")) {
        const target = normalize(join(dirname(file), specifier));
        targets.push(target);
        reason = files.includes(target)
          ? refusal(name, room, target, typeOnly)
          : "there is no such file";
      } else {
        reason = moduleRefusal(name, room, specifier);
      }
      if (reason !== undefined) {
        violations.push(`${file}: Cannot import "${specifier}": ${reason}`);
      }
    }
    graph.set(file, targets);
    if (room.pure === true) {
      const code = new Bun.Transpiler({ loader: "ts" }).transformSync(source);
      const global = GLOBAL_IO.exec(code);
      if (global !== null) {
        violations.push(`${file}: Cannot use "${global[0]}": ${name} does no I/O`);
      }
    }
  }
  const cycle = findCycle(graph);
  if (cycle !== undefined) violations.push(`a cycle of imports: ${cycle.join(" -> ")}`);
  return violations;
}
