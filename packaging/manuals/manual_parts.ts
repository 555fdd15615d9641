import { allOptions } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { CLIENT_EXIT_STATUSES } from "../../src/cli/exit_statuses.ts";
import type { KeySpec } from "../../src/config/key_table.ts";
import { SERVER_EXIT_STATUSES, SERVER_OPTIONS } from "../../src/daemon/server_options.ts";
import { withInfoOptions } from "../../src/options/option.ts";
import { ENGINE_HEADERS, ENGINE_STRUCTS } from "./engine_headers.ts";
import { bold, italic, sentence } from "./inline_text.ts";
import { keyEntry } from "./key_entry.ts";
import { KEY_TABLES } from "./key_tables.ts";
import {
  commandEntry,
  commandSynopsis,
  findOption,
  optionEntry,
  synopsis,
} from "./option_parts.ts";
import { structLines } from "./struct_lines.ts";

/** Makes the AsciiDoc lines of a part. */
type Part = () => readonly string[];

/**
 * The parts of the manual pages that come from the program's own tables, by include target, such as
 * `key:project.loop`. Each may be taken once, so that the pages say everything once.
 *
 * A page need not name every key: `keys:task-slide` takes those of a table that are left, and
 * `engines:task` those of all engines, each engine under a heading.
 */
export class ManualParts {
  readonly #parts = new Map<string, Part>();
  readonly #taken = new Set<string>();

  constructor() {
    this.#addClient();
    this.#addServer();
    this.#addKeys();
    this.#addEngine();
  }

  /** @throws {Error} when there is no such part, or it was taken before. */
  take(target: string): readonly string[] {
    const [kind, name = ""] = target.split(":");
    if (kind === "keys") return this.#takeKeys(name);
    if (kind === "engines") return this.#takeEngines(name);
    const part = this.#parts.get(target);
    if (part === undefined) throw new Error(`Cannot include "${target}": there is no such part`);
    if (this.#taken.has(target)) throw new Error(`Cannot include "${target}": it is there twice`);
    this.#taken.add(target);
    return part();
  }

  /** The parts that no page has taken. */
  left(): string[] {
    return [...this.#parts.keys()].filter((target) => !this.#taken.has(target));
  }

  #addClient(): void {
    this.#parts.set("synopsis:etmem", () => [
      ...COMMANDS.map((command) => `${commandSynopsis(command)} +`),
      `${bold("etmem")} [__group__] ${bold("help")}`,
    ]);
    for (const command of COMMANDS) {
      this.#parts.set(`command:${command.words.join("-")}`, () => commandEntry(command));
    }
    const options = withInfoOptions(allOptions(COMMANDS));
    for (const { long } of options) {
      this.#parts.set(`option:etmem.${long}`, () => optionEntry(findOption(options, long)));
    }
    this.#parts.set("exit:etmem", () => exitStatuses(CLIENT_EXIT_STATUSES));
  }

  #addServer(): void {
    this.#parts.set("synopsis:etmemd", () => [synopsis("etmemd", "", SERVER_OPTIONS)]);
    for (const option of withInfoOptions(Object.values(SERVER_OPTIONS))) {
      this.#parts.set(`option:etmemd.${option.long}`, () => optionEntry(option));
    }
    this.#parts.set("exit:etmemd", () => exitStatuses(SERVER_EXIT_STATUSES));
  }

  /** A key that several tables share is described once, in the first of them. */
  #addKeys(): void {
    const seen = new Set<KeySpec<unknown>>();
    for (const [table, { keys }] of KEY_TABLES) {
      for (const [key, spec] of Object.entries(keys)) {
        if (seen.has(spec)) continue;
        seen.add(spec);
        this.#parts.set(`key:${table}.${key}`, () => keyEntry(key, spec));
      }
    }
  }

  /** The keys of a table that are left. @throws {Error} when there is no such table. */
  #takeKeys(table: string): string[] {
    if (!KEY_TABLES.has(table)) throw new Error(`Cannot include keys of "${table}": no such table`);
    const lines: string[] = [];
    for (const target of this.left()) {
      if (target.startsWith(`key:${table}.`)) lines.push(...this.take(target), "");
    }
    return lines;
  }

  /** The keys that are left of a group, for each engine. */
  #takeEngines(group: string): string[] {
    const lines: string[] = [];
    for (const [name, table] of KEY_TABLES) {
      const keys = table.group === group && table.engine !== undefined ? this.#takeKeys(name) : [];
      if (keys.length > 0) lines.push(`=== Of ${table.engine}`, "", ...keys);
    }
    return lines;
  }

  #addEngine(): void {
    for (const declaration of ENGINE_HEADERS.engine.operations()) {
      const name = /\(\*(\w+)\)/.exec(declaration)?.[1] ?? declaration;
      this.#parts.set(`operation:${name}`, () => [`${bold(declaration)}::`]);
    }
    for (const prototype of ENGINE_HEADERS.scan.functions()) {
      const name = /(\w+)\(/.exec(prototype)?.[1] ?? prototype;
      this.#parts.set(`function:${name}`, () => [`${bold(prototype)}::`]);
    }
    for (const [name, header] of Object.entries(ENGINE_STRUCTS)) {
      this.#parts.set(`struct:${name}`, () => structLines(header.struct(name)));
    }
  }
}

function exitStatuses(statuses: readonly (readonly [status: string, meaning: string])[]): string[] {
  return statuses.flatMap(([status, meaning]) => [`${italic(status)}::`, sentence(meaning)]);
}
