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

/** The attributes of an include directive: `include::key:project.loop[example=3]`. */
export type PartAttributes = Readonly<Record<string, string>>;

/** Makes the AsciiDoc lines of a part. */
type Part = (attributes: PartAttributes) => readonly string[];

/**
 * The parts of the manual pages that come from the program's own tables, by include target. Each may be
 * taken once, so that a page says everything once.
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
  take(target: string, attributes: PartAttributes): readonly string[] {
    const part = this.#parts.get(target);
    if (part === undefined) throw new Error(`Cannot include "${target}": there is no such part`);
    if (this.#taken.has(target)) throw new Error(`Cannot include "${target}": it is there twice`);
    this.#taken.add(target);
    return part(attributes);
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
    for (const [table, { keys }] of Object.entries(KEY_TABLES)) {
      for (const [key, spec] of Object.entries(keys)) {
        if (seen.has(spec)) continue;
        seen.add(spec);
        this.#parts.set(
          `key:${table}.${key}`,
          ({ example = "" }) => keyEntry(key, spec, example),
        );
      }
    }
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
