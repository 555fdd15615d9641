import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { BYTES_OF_NOTE, mutated } from "../../tools/fuzz/mutated.ts";
import { disagreement, ourOutcome } from "./glib_comparison.ts";
import { textFile, validFile } from "./key_file_text.ts";

const top = join(import.meta.dir, "../../..");
const samples = ["conf", "tests/tools/fixtures/document"].flatMap((folder) =>
  readdirSync(join(top, folder)).map((name) =>
    new Uint8Array(readFileSync(join(top, folder, name)))
  )
);

const encoder = new TextEncoder();

test("parseKeyFile() agrees with GLib when lines of all kinds are put together", () => {
  fc.assert(
    fc.property(textFile, (text) => {
      expect(disagreement(encoder.encode(text))).toBeUndefined();
    }),
    { numRuns: 1500 },
  );
});

test("parseKeyFile() agrees with GLib when every line is well-formed", () => {
  fc.assert(
    fc.property(validFile, (text) => {
      expect(disagreement(encoder.encode(text))).toBeUndefined();
      expect(typeof ourOutcome(encoder.encode(text))).toBe("object");
    }),
    { numRuns: 500 },
  );
});

test("parseKeyFile() agrees with GLib when samples and files are mutated", () => {
  const original = fc.oneof(
    fc.constantFrom(...samples),
    textFile.map((text) => encoder.encode(text)),
  );
  fc.assert(
    fc.property(mutated(original, BYTES_OF_NOTE), (bytes) => {
      expect(disagreement(bytes)).toBeUndefined();
    }),
    { numRuns: 700 },
  );
});

test("parseKeyFile() agrees with GLib when the file is a sample", () => {
  for (const sample of samples) {
    expect(disagreement(sample)).toBeUndefined();
    expect(typeof ourOutcome(sample)).toBe("object");
  }
});
