import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { compileConfig } from "../../../../src/config/compile.ts";
import { ConfigError } from "../../../../src/config/config_error.ts";
import { parseKeyFile } from "../../../../src/config/key_file.ts";
import { readObjectNames } from "../../../../src/config/object_names.ts";
import { KEY_TABLES } from "../../../../packaging/manuals/key_tables.ts";
import { PINNABLE_NAMES } from "../../fixtures/pinnable_names.ts";
import { CSLIDE, KNOWN_PROJECT, SLIDE, THIRD_PARTY } from "../../../unit/config/config_text.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";
import { KEY_FILE_TOKENS, SAMPLE_FILES } from "./key_file.ts";

const KEYS = [
  ...new Set(
    [...KEY_TABLES.values()].flatMap(({ keys, aliases = {} }) =>
      Object.keys(keys).concat(Object.keys(aliases))
    ),
  ),
  "engine_private_key",
];
const VALUES = [
  "p",
  "slide",
  "cslide",
  "thirdparty",
  "memdcd",
  "pid",
  "name",
  "mysql",
  "yes",
  "no",
  "page",
  "auto",
  "idle_pages",
  "smaps",
  "swap_pages",
  "ht",
  "2,0;3,1",
  "2,0;",
  "10g",
  "0G",
  "1",
  "0",
  "-1",
  "120",
  "1200",
  "2147483648",
  "/usr/lib/mine.so",
  "x".repeat(64),
  "1 # few",
] as const;

const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES)).map((pair) =>
      pair.join("=")
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom("[project]", "[engine]", "[task]", "[engines]") },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...KEYS), fc.string({ maxLength: 8 })).map((pair) =>
      pair.join("=")
    ),
  },
);

/** One of the texts with some lines put in, replaced or taken out. */
const file = fc.tuple(
  fc.constantFrom(SLIDE, SLIDE + CSLIDE, CSLIDE, THIRD_PARTY, SLIDE + THIRD_PARTY),
  fc.array(fc.tuple(fc.nat(40), fc.nat(1), fc.array(line, { maxLength: 2 })), { maxLength: 5 }),
).map(([text, changes]) =>
  changes.reduce(
    (lines, [at, drop, put]) => lines.toSpliced(at % (lines.length + 1), drop, ...put),
    text.split("\n"),
  ).join("\n")
);

/** Runs what may refuse the file. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (/[\p{Cc}\u2028\u2029]/u.test(error.message)) {
      throw new Error("a refusal is not one line of text", { cause: error });
    }
    return undefined;
  }
}

/**
 * From text to descriptions: refused in one line, or compiled to what obj del then finds by the
 * same names, with what a third-party engine is handed being a key file again.
 */
export const CONFIGURATION: FuzzTarget = {
  name: "configuration",
  sources: [
    "src/config/compile.ts",
    "src/config/engines.ts",
    "src/config/engines/cslide.ts",
    "src/config/engines/slide.ts",
    "src/config/engines/thirdparty.ts",
    "src/config/file_objects.ts",
    "src/config/keyed_object.ts",
    "src/config/number_forms.ts",
    "src/config/object_names.ts",
    "src/config/project.ts",
    "src/config/read_keys.ts",
    "src/config/read_objects.ts",
    "src/config/task.ts",
    "src/config/text_forms.ts",
  ],
  inputs: fc.oneof(
    { weight: 6, arbitrary: file.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.constantFrom(...SAMPLE_FILES) },
  ),
  tokens: [...KEY_FILE_TOKENS, ...tokensOf(...KEYS.map((key) => `\n${key}=`), ...VALUES)],
  check(input) {
    const names = orRefused(() => readObjectNames(input, "/f"));
    const compiled = orRefused(() =>
      compileConfig(input, {
        path: "/f",
        cores: 2,
        names: PINNABLE_NAMES,
        project: (name) => name === KNOWN_PROJECT.name ? KNOWN_PROJECT : undefined,
      })
    );
    if (compiled === undefined) return;
    const { projects, engines, tasks, warnings } = compiled;
    const expected = {
      projects: projects.map(({ name }) => name),
      engines: engines.map(({ project, name }) => ({ project, name })),
      tasks: tasks.map(({ project, engine, name }) => ({ project, engine, name })),
    };
    deepStrictEqual(names && { ...names, warnings: undefined }, {
      ...expected,
      warnings: undefined,
    });
    if (warnings.some((warning) => /[\p{Cc}\u2028\u2029]/u.test(warning))) {
      throw new Error(`a warning is not one line of text: ${JSON.stringify(warnings)}`);
    }
    for (const object of [...engines, ...tasks]) {
      if ("keyFileText" in object) parseKeyFile(Buffer.from(object.keyFileText));
    }
  },
};
