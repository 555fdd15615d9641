import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { Refusal } from "../../../../src/rpc/refusal.ts";
import type { Request } from "../../../../src/rpc/request.ts";
import { formatRequestV1, parseRequestV1 } from "../../../../src/rpc/request_v1.ts";
import { arbitraryRequest } from "../../../unit/rpc/arbitrary_request.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";
import { BYTES_OF_NOTE } from "../mutated.ts";

/**
 * What scanf(3) makes of it by the format that the protocol is defined by;
 * blanks as in the C locale.
 */
const SCANF = new RegExp(
  [
    "^proj_name (@)",
    "file_name (@)",
    "cmd ([+-]?[0-9]+)",
    "eng_name (@)",
    "eng_cmd (@)",
    "task_name (@)$",
  ]
    .join(" ").replaceAll("@", "[^ \\t\\n\\v\\f\\r]+").replaceAll(
      / (?=[a-z(])/g,
      "[ \\t\\n\\v\\f\\r]+",
    ),
);

/** The six values of a request that the format takes whole; one character a byte. */
function valuesByScanf(input: Uint8Array): readonly string[] | undefined {
  const text = Buffer.from(input).toString("latin1").replace(/[\0 \t\n\v\f\r]+$/, "");
  if (text.includes("\0")) return undefined;
  return SCANF.exec(text)?.slice(1);
}

/** The values that a parsed request was made of, as far as its command uses them. */
function valuesUsed(request: Request): (string | undefined)[] {
  switch (request.command) {
    case "obj_add":
    case "obj_del":
      return [undefined, request.file];
    case "engine":
      return [
        request.project,
        undefined,
        undefined,
        request.engine,
        request.engineCommand,
        request.task ?? "-",
      ];
    default:
      return [request.project ?? "-"];
  }
}

const NUMBERS = ["obj_add", "obj_del", "project_start", "project_stop", "project_show", "engine"];
const value = fc.oneof(
  fc.constantFrom("-", "test", "/etc/etmem/slide_conf.yaml", "cmd", "é\u00a0", "x".repeat(200)),
  fc.string({ minLength: 1, maxLength: 8 }),
);
/** What an original client sends: its format, filled in. */
const ofOriginal = fc.tuple(value, value, fc.integer({ min: -1, max: 7 }), value, value, value).map(
  ([project, file, cmd, engine, command, task]) =>
    `proj_name ${project} file_name ${file} cmd ${cmd} eng_name ${engine} eng_cmd ${command} task_name ${task}`,
);

/**
 * parseRequestV1(): accepts what the format of the protocol accepts whole, with the same values,
 * and refuses everything else by a Refusal; what it accepted, formatted and parsed again,
 * is the same request.
 */
export const REQUEST_V1: FuzzTarget = {
  name: "request_v1",
  sources: ["src/rpc/request_v1.ts"],
  inputs: fc.oneof(
    ofOriginal.map((text) => Buffer.from(text)),
    arbitraryRequest(value, value).map((request) => formatRequestV1(request) ?? new Uint8Array(0)),
    fc.uint8Array({ maxLength: 40 }),
  ),
  tokens: [
    ...BYTES_OF_NOTE,
    ...tokensOf("proj_name ", "file_name ", "cmd ", "eng_name ", "eng_cmd ", "task_name ", " - "),
    ...tokensOf("\n\0", "+5", "0x4", "00000000004", "\u00a0", "\v", "x".repeat(300)),
  ],
  check(input) {
    const expected = input.length > 512 ? undefined : valuesByScanf(input);
    let request: Request;
    try {
      request = parseRequestV1(input);
    } catch (error) {
      if (!(error instanceof Refusal) || error.kind !== "invalid") throw error;
      // The format takes it; what is refused then is what the values say, or letters that are none.
      const isOfValues = /: (cmd .* needs a |cmd .* is not known|the request is not UTF-8)/.test(
        error.message,
      ) || (expected?.[2] ?? "").length > 10;
      if (expected !== undefined && !isOfValues) throw error;
      return;
    }
    if (expected === undefined) throw new Error(`accepted as ${JSON.stringify(request)}`);
    for (const [i, used] of valuesUsed(request).entries()) {
      if (used === undefined) continue;
      deepStrictEqual(used, Buffer.from(expected[i] ?? "", "latin1").toString());
    }
    deepStrictEqual(NUMBERS[Number(expected[2])], request.command);
    const formatted = formatRequestV1(request);
    if (formatted === undefined) throw new Error(`${JSON.stringify(request)} cannot be sent again`);
    deepStrictEqual(parseRequestV1(formatted), request);
  },
};
