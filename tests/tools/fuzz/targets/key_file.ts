import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { KeyFileError, parseKeyFile } from "../../../../src/config/key_file.ts";
import { disagreement } from "../../../unit/config/glib_comparison.ts";
import { textFile, validFile } from "../../../unit/config/key_file_text.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";
import { BYTES_OF_NOTE } from "../mutated.ts";

const TOP = join(import.meta.dir, "../../../..");

/** The configuration files in the repository. */
export const SAMPLE_FILES: readonly Uint8Array[] = ["conf", "tests/tools/fixtures/document"]
  .flatMap(
    (folder) =>
      readdirSync(join(TOP, folder)).map((name) =>
        new Uint8Array(readFileSync(join(TOP, folder, name)))
      ),
  );

/** What tells one line from another. */
export const KEY_FILE_TOKENS: readonly Uint8Array[] = [
  ...BYTES_OF_NOTE,
  ...tokensOf(
    "\r\n",
    "[a]\n",
    "[",
    "]",
    "a=",
    "[de]=",
    "Encoding=",
    "UTF-8",
    "# c\n",
    "\\s",
    "\\q",
  ),
  ...tokensOf("2147483648", "-", "+", "\v", "\f", "\ufeff", "\u00a0", "\x7f", "0x10", " \\"),
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
];

function fail(message: string): never {
  throw new Error(message);
}

/**
 * parseKeyFile() against the GLib of this machine: the same groups, keys, values, unescaped strings
 * and integers, or refused by both. Where they are meant to differ is written in `disagreement`.
 * And the lines that it hands on are those of the file.
 */
export const KEY_FILE: FuzzTarget = {
  name: "key_file",
  sources: [
    "src/config/key_file.ts",
    "src/config/number_forms.ts",
    "src/config/text_forms.ts",
    "src/text/excerpt.ts",
  ],
  inputs: fc.oneof(
    { weight: 6, arbitrary: textFile.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: validFile.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.constantFrom(...SAMPLE_FILES) },
  ),
  tokens: KEY_FILE_TOKENS,
  check(input) {
    const difference = disagreement(input);
    if (difference !== undefined) fail(difference);
    try {
      const { preamble, groups } = parseKeyFile(input);
      const text = [...preamble, ...groups.flatMap(({ source }) => source)].join("\n");
      if (text !== new TextDecoder("utf-8", { ignoreBOM: true }).decode(input)) {
        fail(`the lines handed on are not those of the file: ${JSON.stringify(text)}`);
      }
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      if (/[\p{Cc}\u2028\u2029]/u.test(error.message)) {
        fail(`no one-line message: ${error.message}`);
      }
    }
  },
};
