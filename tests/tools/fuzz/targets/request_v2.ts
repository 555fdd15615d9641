import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { Refusal } from "../../../../src/rpc/refusal.ts";
import type { Request } from "../../../../src/rpc/request.ts";
import { formatRequestV2, parseRequestV2 } from "../../../../src/rpc/request_v2.ts";
import { arbitraryRequest } from "../../../unit/rpc/arbitrary_request.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const FIELDS = [
  "version",
  "command",
  "file",
  "project",
  "engine",
  "engine_command",
  "task",
  "json",
  "dry_run",
  "estimate_compression",
  "stall_limit_percent",
  "rate_mib",
  "keep_free_percent",
];
const COMMANDS = [
  "obj_add",
  "project_start",
  "project_restore",
  "project_show",
  "engine",
  "status",
  "histogram",
  "advise",
  "obj_eat",
];
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
/** Objects with the right names and any values. */
const anyObject = fc.dictionary(
  fc.oneof(fc.constantFrom(...FIELDS, "__proto__", "toString"), fc.string()),
  fc.oneof(fc.constantFrom<unknown>(2, "2", ...COMMANDS, "/f", true, null), fc.jsonValue()),
).map((fields) => JSON.stringify({ version: 2, command: "engine", ...fields }));

/**
 * parseRequestV2(): a request or a Refusal, whatever the line is; what it accepted, formatted and
 * parsed again, is the same request, and its texts can be C strings.
 */
export const REQUEST_V2: FuzzTarget = {
  name: "request_v2",
  sources: ["src/rpc/request_v2.ts"],
  inputs: fc.oneof(
    arbitraryRequest(text, text.map((path) => `/${path}`)).map(formatRequestV2),
    anyObject.map((line) => Buffer.from(line)),
    fc.uint8Array({ maxLength: 40 }),
  ),
  tokens: [
    ...tokensOf(
      ...FIELDS.map((field) => `"${field}":`),
      ...COMMANDS.map((command) => `"${command}"`),
    ),
    ...tokensOf(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "null",
      "true",
      "2",
      "2.0",
      "1e999",
      "\\u0000",
      "\\ud800",
    ),
    ...tokensOf('{"version":2,"command":', '"__proto__":', "\n", "\0", "é"),
    Buffer.from([0xff]),
  ],
  check(input) {
    let request: Request;
    try {
      request = parseRequestV2(input);
    } catch (error) {
      if (error instanceof Refusal && error.kind === "invalid") return;
      throw error;
    }
    for (const value of Object.values(request)) {
      if (typeof value !== "string") continue;
      if (value === "" || value.includes("\0") || !value.isWellFormed()) {
        throw new Error(`${JSON.stringify(value)} is no C string`);
      }
    }
    deepStrictEqual(parseRequestV2(formatRequestV2(request)), request);
  },
};
