import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MAX_LINE_BYTES } from "../../../src/rpc/line_reader.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";
import { formatRequestV1 } from "../../../src/rpc/request_v1.ts";
import { FIRST_BYTE_V2, formatRequestV2, parseRequestV2 } from "../../../src/rpc/request_v2.ts";
import { arbitraryRequest } from "./arbitrary_request.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusalOf(line: Uint8Array | string): string {
  try {
    parseRequestV2(typeof line === "string" ? encode(line) : line);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.kind).toBe("invalid");
    return error.message.replace("error: invalid parameters: ", "");
  }
  throw new Error("not refused");
}

describe("formatRequestV2()", () => {
  test("writes one line of JSON with the fields of docs/protocol.md", () => {
    const line = formatRequestV2({
      command: "engine",
      project: "test",
      engine: "cslide",
      engineCommand: "showtaskpages",
      task: "background",
      json: true,
    });
    expect(new TextDecoder().decode(line)).toBe(
      '{"version":2,"command":"engine","project":"test","engine":"cslide","task":"background",' +
        '"json":true,"engine_command":"showtaskpages"}\n',
    );
    expect(line[0]).toBe(FIRST_BYTE_V2);
  });

  test("writes a dry run as a field of its own, which v1 cannot carry", () => {
    const request = { command: "project_start", project: "test", dryRun: true } as const;
    expect(new TextDecoder().decode(formatRequestV2(request))).toBe(
      '{"version":2,"command":"project_start","project":"test","dry_run":true}\n',
    );
    expect(formatRequestV1(request)).toBeUndefined();
  });

  test("stays within a line for the longest path", () => {
    const line = formatRequestV2({ command: "obj_add", file: `/${"\u0001".repeat(4094)}` });
    expect(line.length).toBeLessThanOrEqual(MAX_LINE_BYTES);
  });
});

describe("parseRequestV2()", () => {
  test("reads back whatever formatRequestV2() writes", () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((value) => !value.includes("\0") && value.isWellFormed());
    fc.assert(
      fc.property(arbitraryRequest(text, text.map((name) => `/${name}`)), (request) => {
        expect(parseRequestV2(formatRequestV2(request))).toEqual(request);
      }),
      { numRuns: 500 },
    );
  });

  test("reads what a histogram and advice are asked for, and refuses a limit that no key has", () => {
    const read = (fields: object) =>
      encode(JSON.stringify({ version: 2, project: "p", ...fields }));
    expect(parseRequestV2(read({ command: "histogram", task: null, estimate_compression: true })))
      .toEqual({ command: "histogram", project: "p", estimateCompression: true });
    expect(parseRequestV2(read({ command: "advise", stall_limit_percent: 0.07 })))
      .toEqual({ command: "advise", project: "p", stallLimitPercent: 0.07 });
    for (const limit of [0, 0.001, 0.123, 100.01, "1", []]) {
      expect(refusalOf(read({ command: "advise", stall_limit_percent: limit }))).toContain(
        `field "stall_limit_percent" is ${JSON.stringify(limit)}, not 0.01 to 100`,
      );
    }
  });

  test("ignores unknown fields and fields that are null", () => {
    expect(
      parseRequestV2(
        encode('{"version":2,"command":"status","colour":1,"project":null,"rounds":null}\r\n'),
      ),
    ).toEqual({ command: "status" });
  });

  test("takes json for false when it is left out", () => {
    const request = parseRequestV2(
      encode('{"version":2,"command":"engine","project":"p","engine":"e","engine_command":"c"}'),
    );
    expect(request).toEqual({
      command: "engine",
      project: "p",
      engine: "e",
      engineCommand: "c",
      json: false,
    });
  });

  const known =
    "obj_add, obj_del, project_start, project_stop, project_show, engine, project_restore, status, " +
    "histogram, advise";
  const malformed: readonly (readonly [string, string])[] = [
    ["{", "the request is not a line of JSON in UTF-8"],
    ["", "the request is not a line of JSON in UTF-8"],
    ["[1]", "the request is not a JSON object"],
    ["null", "the request is not a JSON object"],
    ['{"command":"status"}', 'field "version" is missing, 2 is spoken here'],
    ['{"version":3,"command":"status"}', "version 3 is not supported, 2 is spoken here"],
    ['{"version":"2","command":"status"}', 'version "2" is not supported, 2 is spoken here'],
    ['{"version":2}', 'field "command" is missing'],
    ['{"version":2,"command":"reboot"}', `command "reboot" is not known, ${known} are`],
    ['{"version":2,"command":7}', `command 7 is not known, ${known} are`],
    ['{"version":2,"command":"toString"}', `command "toString" is not known, ${known} are`],
    ['{"version":2,"command":"obj_add"}', 'field "file" is missing'],
    ['{"version":2,"command":"obj_add","file":""}', 'field "file" is "", not a text'],
    ['{"version":2,"command":"obj_add","file":["/x"]}', 'field "file" is ["/x"], not a text'],
    [
      '{"version":2,"command":"obj_add","file":"x.conf"}',
      'field "file" is "x.conf", not an absolute path',
    ],
    [
      '{"version":2,"command":"obj_add","file":"/x\\u0000y"}',
      'field "file" is "/x\\u0000y", which no C string can hold',
    ],
    [
      '{"version":2,"command":"obj_add","file":"/x\\ud800y"}',
      'field "file" is "/x\\ud800y", which no C string can hold',
    ],
    ...["-1", "0.5", '"2"', "1e300", "true"].map((rounds) =>
      [
        `{"version":2,"command":"status","rounds":${rounds}}`,
        `field "rounds" is ${JSON.stringify(JSON.parse(rounds))}, not an integer from 0 on`,
      ] as const
    ),
    [
      '{"version":2,"command":"project_restore","project":"p","rate_mib":100001}',
      'field "rate_mib" is 100001, not an integer from 1 to 100000',
    ],
    ...["0", "100", '"5"'].map((percent) =>
      [
        `{"version":2,"command":"project_restore","project":"p","keep_free_percent":${percent}}`,
        `field "keep_free_percent" is ${percent}, not an integer from 1 to 99`,
      ] as const
    ),
    ['{"version":2,"command":"project_start"}', 'field "project" is missing'],
    ['{"version":2,"command":"project_show","project":4}', 'field "project" is 4, not a text'],
    [
      '{"version":2,"command":"engine","project":"p","engine":"e"}',
      'field "engine_command" is missing',
    ],
    [
      '{"version":2,"command":"engine","project":"p","engine":"e","engine_command":"c","json":"yes"}',
      'field "json" is "yes", not true or false',
    ],
  ];
  for (const [line, reason] of malformed) {
    test(`refuses ${JSON.stringify(line)}`, () => expect(refusalOf(line)).toBe(reason));
  }

  test("cuts a long value in its refusal", () => {
    const reason = refusalOf(`{"version":2,"command":"${"x".repeat(9000)}"}`);
    expect(reason.length).toBeLessThan(300);
  });

  test("refuses what is not UTF-8", () => {
    const line = encode('{"version":2,"command":"obj_add","file":"/x"}');
    line[line.length - 3] = 0xff;
    expect(refusalOf(line)).toBe("the request is not a line of JSON in UTF-8");
  });

  test("refuses garbage by a Refusal and never otherwise", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(encode),
      fc.dictionary(
        fc.constantFrom(
          "version",
          "command",
          "file",
          "project",
          "engine",
          "engine_command",
          "json",
        ),
        fc.oneof(fc.constantFrom(2, "engine", "status", "obj_add", true), fc.jsonValue()),
      ).map((fields) => encode(JSON.stringify({ version: 2, ...fields }))),
    );
    fc.assert(
      fc.property(garbage, (line) => {
        try {
          parseRequestV2(line);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
