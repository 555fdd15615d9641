import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Refusal } from "../../../src/rpc/refusal.ts";
import type { Request } from "../../../src/rpc/request.ts";
import { formatRequestV1, parseRequestV1 } from "../../../src/rpc/request_v1.ts";
import { arbitraryRequest } from "./arbitrary_request.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a refusal says after its first words. */
function refusalOf(request: Uint8Array | string): string {
  try {
    parseRequestV1(typeof request === "string" ? encode(request) : request);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.kind).toBe("invalid");
    return error.message.replace("error: invalid parameters: ", "");
  }
  throw new Error("not refused");
}

const WIRE: readonly (readonly [string, Request])[] = [
  [
    "proj_name - file_name /etc/etmem/slide_conf.yaml cmd 0 eng_name - eng_cmd - task_name -",
    { command: "obj_add", file: "/etc/etmem/slide_conf.yaml" },
  ],
  [
    "proj_name - file_name /etc/etmem/slide_conf.yaml cmd 1 eng_name - eng_cmd - task_name -",
    { command: "obj_del", file: "/etc/etmem/slide_conf.yaml" },
  ],
  [
    "proj_name test file_name - cmd 2 eng_name - eng_cmd - task_name -",
    { command: "project_start", project: "test" },
  ],
  [
    "proj_name test file_name - cmd 3 eng_name - eng_cmd - task_name -",
    { command: "project_stop", project: "test" },
  ],
  [
    "proj_name - file_name - cmd 4 eng_name - eng_cmd - task_name -",
    { command: "project_show" },
  ],
  [
    "proj_name test file_name - cmd 4 eng_name - eng_cmd - task_name -",
    { command: "project_show", project: "test" },
  ],
  [
    "proj_name test file_name - cmd 5 eng_name cslide eng_cmd showhostpages task_name -",
    {
      command: "engine",
      project: "test",
      engine: "cslide",
      engineCommand: "showhostpages",
      json: false,
    },
  ],
  [
    "proj_name test file_name - cmd 5 eng_name cslide eng_cmd showtaskpages task_name background",
    {
      command: "engine",
      project: "test",
      engine: "cslide",
      engineCommand: "showtaskpages",
      task: "background",
      json: false,
    },
  ],
];

describe("formatRequestV1()", () => {
  for (const [wire, request] of WIRE) {
    test(`writes the bytes of the original client for ${JSON.stringify(request)}`, () => {
      expect(formatRequestV1(request)).toEqual(encode(wire));
    });
  }

  test("fills 512 bytes and leaves 513 to v2", () => {
    const file = (length: number): string => `/${"x".repeat(length - 1)}`;
    const rest = encode("proj_name - file_name  cmd 0 eng_name - eng_cmd - task_name -").length;
    expect(formatRequestV1({ command: "obj_add", file: file(512 - rest) })).toHaveLength(512);
    expect(formatRequestV1({ command: "obj_add", file: file(513 - rest) })).toBeUndefined();
  });

  test("counts bytes, not characters", () => {
    expect(formatRequestV1({ command: "obj_add", file: `/${"é".repeat(230)}` })).toBeUndefined();
  });

  for (const name of ["a b", "a\tb", "a\nb", "a\vb", "a\fb", "a\rb", "a\0b", "-", ""]) {
    test(`leaves the value ${JSON.stringify(name)} to v2`, () => {
      expect(formatRequestV1({ command: "project_start", project: name })).toBeUndefined();
    });
  }

  test("leaves to v2 what is not in v1", () => {
    expect(formatRequestV1({ command: "status" })).toBeUndefined();
    expect(
      formatRequestV1({
        command: "engine",
        project: "p",
        engine: "e",
        engineCommand: "c",
        json: true,
      }),
    ).toBeUndefined();
  });
});

describe("parseRequestV1()", () => {
  for (const [wire, request] of WIRE) {
    test(`reads ${wire}`, () => expect(parseRequestV1(encode(wire))).toEqual(request));
  }

  const show = "proj_name test file_name - cmd 4 eng_name - eng_cmd - task_name -";
  for (const trailer of ["\0", "\n", " ", "\r\n", "\n\0", "\0\0\0 \t\n"]) {
    test(`ignores ${JSON.stringify(trailer)} at the end`, () => {
      expect(parseRequestV1(encode(show + trailer))).toEqual({
        command: "project_show",
        project: "test",
      });
    });
  }

  test("takes any run of blanks between words, as scanf(3) does", () => {
    expect(parseRequestV1(encode(show.replaceAll(" ", " \t\n\v\f\r ")))).toEqual({
      command: "project_show",
      project: "test",
    });
  });

  test("takes blanks of other scripts for letters", () => {
    expect(parseRequestV1(encode(show.replace("test", "a\u00a0b\u2003c")))).toEqual({
      command: "project_show",
      project: "a\u00a0b\u2003c",
    });
  });

  for (
    const [cmd, command] of [["+4", "project_show"], ["004", "project_show"], [
      `${"0".repeat(30)}4`,
      "project_show",
    ], ["-0", "obj_add"]]
  ) {
    test(`takes cmd ${cmd}, as scanf(3) does`, () => {
      const request = parseRequestV1(
        encode(`proj_name - file_name /f cmd ${cmd} eng_name - eng_cmd - task_name -`),
      );
      expect(request.command).toBe(command as Request["command"]);
    });
  }

  test("ignores values that the command has no use for", () => {
    expect(
      parseRequestV1(
        encode("proj_name p file_name /f cmd 1 eng_name e eng_cmd c task_name t"),
      ),
    ).toEqual({ command: "obj_del", file: "/f" });
  });

  test("takes words that are keys for values", () => {
    expect(
      parseRequestV1(encode("proj_name cmd file_name cmd cmd 4 eng_name - eng_cmd - task_name -")),
    ).toEqual({ command: "project_show", project: "cmd" });
  });

  const malformed: readonly (readonly [string, string])[] = [
    ["", "the request has nothing where proj_name is expected"],
    ["\n", "the request has nothing where proj_name is expected"],
    ["hello", 'the request has "hello" where proj_name is expected'],
    [`\ufeff${show}`, 'the request has "\ufeffproj_name" where proj_name is expected'],
    [` ${show}`, "the request has nothing where proj_name is expected"],
    ["proj_name", "the request ends after proj_name"],
    ["proj_name a cmd 4", 'the request has "cmd" where file_name is expected'],
    ["proj_name a file_name b cmd 4", "the request has nothing where eng_name is expected"],
    [`${show} more`, 'the request goes on with "more" after task_name'],
    [show.replace(" 4 ", " 6 "), "cmd 6 is not known, 0 to 5 are"],
    [show.replace(" 4 ", " -1 "), "cmd -1 is not known, 0 to 5 are"],
    [show.replace(" 4 ", " 9999999999 "), "cmd 9999999999 is not known, 0 to 5 are"],
    [show.replace(" 4 ", " 4x "), 'cmd "4x" is not an integer'],
    [show.replace(" 4 ", " 0x4 "), 'cmd "0x4" is not an integer'],
    [show.replace(" 4 ", " - "), 'cmd "-" is not an integer'],
    [show.replace("test", "te\0st"), "the proj_name has a NUL byte"],
    [WIRE[0]?.[0].replace("/etc/etmem/slide_conf.yaml", "-") ?? "", "cmd 0 needs a file_name"],
    [WIRE[2]?.[0].replace("test", "-") ?? "", "cmd 2 needs a proj_name"],
    [WIRE[3]?.[0].replace("test", "-") ?? "", "cmd 3 needs a proj_name"],
    [WIRE[6]?.[0].replace("test", "-") ?? "", "cmd 5 needs a proj_name"],
    [WIRE[6]?.[0].replace("cslide", "-") ?? "", "cmd 5 needs a eng_name"],
    [WIRE[6]?.[0].replace("showhostpages", "-") ?? "", "cmd 5 needs a eng_cmd"],
  ];
  for (const [wire, reason] of malformed) {
    test(`refuses ${JSON.stringify(wire)}`, () => expect(refusalOf(wire)).toBe(reason));
  }

  test("refuses more than 512 bytes", () => {
    const padded = encode(show.padEnd(512, "\n"));
    expect(parseRequestV1(padded)).toEqual({ command: "project_show", project: "test" });
    expect(refusalOf(encode(show.padEnd(513, "\n")))).toBe(
      "the request has 513 bytes, at most 512 are allowed",
    );
  });

  test("refuses what is not UTF-8", () => {
    const bytes = encode(show);
    bytes[10] = 0xc3;
    expect(refusalOf(bytes)).toBe("the request is not UTF-8 text");
  });

  test("reads back whatever formatRequestV1() writes", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
    let carried = 0;
    fc.assert(
      fc.property(arbitraryRequest(text, text.map((name) => `/${name}`)), (request) => {
        const wire = formatRequestV1(request);
        if (wire === undefined) return;
        carried++;
        expect(parseRequestV1(wire)).toEqual(request);
      }),
      { numRuns: 500 },
    );
    expect(carried).toBeGreaterThan(50);
  });

  test("refuses garbage by a Refusal and never otherwise", () => {
    const words = fc.constantFrom(...show.split(" "), "5", "/f", "\0", "\n", "  ");
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.array(words, { maxLength: 16 }).map((parts) => encode(parts.join(" "))),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        try {
          parseRequestV1(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
