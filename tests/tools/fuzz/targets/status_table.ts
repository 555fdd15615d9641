import * as fc from "fast-check";
import { formatStatus } from "../../../../src/cli/format_status.ts";
import { SAMPLE_STATUS } from "../../../unit/cli/sample_status.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

/** The paths to all values of a document. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

const PATHS = pathsOf(SAMPLE_STATUS).filter((path) => path.length > 0);

/** The document with the value at a path replaced, or taken out. */
function put(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...value]
    : { ...value };
  Reflect.set(copy, key, put(Reflect.get(value, key), rest, replacement));
  return copy;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, 0, -1, 1e308, 0.5, "", "\x1b[2J\r\n", [], {}, true, [
    null,
  ]),
  fc.jsonValue({ maxDepth: 2 }),
);
const document = fc.array(fc.tuple(fc.constantFrom(...PATHS), odd), { maxLength: 3 }).map((
  changes,
) =>
  JSON.stringify(
    changes.reduce<unknown>((status, [path, value]) => put(status, path, value), SAMPLE_STATUS),
  )
);

/**
 * The table of `etmem status`, whatever document a server answers with: text whose only control
 * characters are newlines, or a SyntaxError.
 */
export const STATUS_TABLE: FuzzTarget = {
  name: "status_table",
  sources: [
    "src/cli/format_status.ts",
    "src/cli/format_round.ts",
    "src/cli/layout.ts",
    "src/status/round_figures.ts",
    "src/text/quantities.ts",
  ],
  inputs: document.map((text) => Buffer.from(text)),
  tokens: tokensOf(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "null",
    "0",
    "1e400",
    "-",
    "\\u001b",
    '"version":1',
  ),
  check(input) {
    let table: string;
    try {
      table = formatStatus(Buffer.from(input).toString());
    } catch (error) {
      if (error instanceof SyntaxError) return;
      throw error;
    }
    const control = /[^\P{Cc}\n]/u.exec(table)?.[0];
    if (control !== undefined) throw new Error(`a terminal is sent ${JSON.stringify(control)}`);
  },
};
