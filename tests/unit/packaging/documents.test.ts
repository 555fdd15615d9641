import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeDocuments } from "../../../packaging/docs/documents.ts";
import { fillIn, type Section } from "../../../packaging/docs/fill_in.ts";
import { markdownTable } from "../../../packaging/docs/markdown_table.ts";

const SECTIONS: readonly Section[] = [
  { name: "one", make: () => "| 1 |" },
  { name: "the other", make: () => "text" },
];

describe("fillIn()", () => {
  test("puts each section where its lines are, and leaves the rest", () => {
    const before = "# A\n\n<!-- npm run docs makes: the other -->\nold\n<!-- end -->\n\nB\n\n" +
      "<!-- npm run docs makes: one -->\n<!-- end -->\nC\n";
    const { text, names } = fillIn("a.md", before, SECTIONS);
    expect(text).toBe(
      "# A\n\n<!-- npm run docs makes: the other -->\n\ntext\n\n<!-- end -->\n\nB\n\n" +
        "<!-- npm run docs makes: one -->\n\n| 1 |\n\n<!-- end -->\nC\n",
    );
    expect(names).toEqual(["the other", "one"]);
    expect(fillIn("a.md", text, SECTIONS).text).toBe(text);
  });

  test("refuses a section that does not exist, and one without an end", () => {
    const none = "<!-- npm run docs makes: two -->\n<!-- end -->\n";
    expect(() => fillIn("a.md", none, SECTIONS)).toThrow(
      'Cannot make section "two" of a.md: there is no such section',
    );
    const open =
      "<!-- npm run docs makes: one -->\n<!-- npm run docs makes: the other -->\n<!-- end -->\n";
    expect(() => fillIn("a.md", open, SECTIONS)).toThrow(
      'Cannot make section "one" of a.md: there is no <!-- end -->',
    );
  });
});

describe("markdownTable()", () => {
  test("aligns the columns and escapes their border", () => {
    expect(markdownTable(["key", "b"], [["`x|y`", "…"], ["", "long"]])).toBe(
      "| key    | b    |\n| ------ | ---- |\n| `x\\|y` | …    |\n|        | long |",
    );
  });
});

describe("makeDocuments()", () => {
  test("finds every section, in documents that are current", () => {
    const documents = makeDocuments(join(import.meta.dir, "../../.."));
    expect(documents.filter(({ isCurrent }) => !isCurrent).map(({ path }) => path)).toEqual([]);
    const manual = documents.find(({ path }) => path.endsWith("docs/configuration.md"));
    expect(manual?.text).toMatch(/\| `swap_flag` +\| yes or no +\| no +\| swap only /);
  });
});
