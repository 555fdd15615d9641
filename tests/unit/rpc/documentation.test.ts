import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AnswerEncoderV1 } from "../../../src/rpc/answer_v1.ts";
import { parseMessageV2 } from "../../../src/rpc/answer_v2.ts";
import { FIRST_WORDS, Refusal } from "../../../src/rpc/refusal.ts";
import { formatRequestV1 } from "../../../src/rpc/request_v1.ts";
import { formatRequestV2, parseRequestV2 } from "../../../src/rpc/request_v2.ts";
import { formatShowTable } from "../../../src/rpc/show_table.ts";
import { SAMPLE_STATUS } from "../cli/sample_status.ts";

const docs = join(import.meta.dir, "../../../docs");
const protocol = readFileSync(join(docs, "protocol.md"), "utf8");
const status = readFileSync(join(docs, "status.md"), "utf8");

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What stands between the ``` of a document. */
function blocks(document: string): string[] {
  return document.split(/^```\n/m).filter((_, index) => index % 2 === 1);
}

/** The bytes of a hex dump: 16 pairs a line, then the text. */
function bytesOf(dump: string): Uint8Array {
  const pairs = dump.split("\n").flatMap((line) =>
    line.slice(0, 47).match(/\b[0-9a-f]{2}\b/g) ?? []
  );
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** All names of fields in a JSON document. */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(fieldsOf)];
}

describe("docs/protocol.md", () => {
  test("shows bytes that are those of the code", () => {
    const dumps = blocks(protocol).filter((block) => /^[0-9a-f]{2} [0-9a-f]{2} /.test(block));
    const answer = new AnswerEncoderV1();
    expect(dumps.map(bytesOf)).toEqual([
      formatRequestV1({ command: "project_show", project: "test" }) ?? encode("not v1"),
      Uint8Array.of(...answer.text([...formatShowTable([])].join("")), ...answer.success()),
      answer.failure(new Refusal("noProject", "x")),
      formatRequestV2({ command: "obj_add", file: "/etc/etmem/my slide.conf" }),
    ]);
  });

  test("shows lines of v2 that the code understands", () => {
    const lines = blocks(protocol).flatMap((block) => block.split("\n"))
      .filter((line) => line.startsWith("{"));
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      if (line.includes('"command"')) parseRequestV2(encode(line));
      else expect(parseMessageV2(encode(line))).toBeDefined();
    }
  });

  test("lists the first words of every refusal", () => {
    for (const [kind, words] of Object.entries(FIRST_WORDS)) {
      expect(protocol).toMatch(new RegExp(`\\| \`${words}\` +\\| \`${kind}\` +\\|`));
    }
  });

  test("shows the table of project show", () => {
    const table = [...formatShowTable([{
      name: "test",
      engines: [{
        name: "slide",
        tasks: [{ type: "name", value: "mysql", name: "background_slide", started: true }],
      }],
    }])].join("");
    // Markdown does not keep the blanks at the end of a row.
    const trimmed = (text: string): string => text.replaceAll(/ +$/gm, "");
    expect(blocks(protocol).map(trimmed)).toContain(trimmed(table));
  });
});

describe("docs/status.md", () => {
  test("names every field of the document", () => {
    const fields = new Set(fieldsOf(SAMPLE_STATUS));
    expect(fields.size).toBeGreaterThan(60);
    for (const field of fields) expect(status).toContain(`\`${field}\``);
  });
});
