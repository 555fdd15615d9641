import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { convertManual } from "../../../packaging/manuals/convert_manual.ts";
import { ManualParts } from "../../../packaging/manuals/manual_parts.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

async function convertText(body: string, parts = new ManualParts()): Promise<string> {
  using folder = new ScratchFolder();
  const path = folder.at("x.8.adoc");
  writeFileSync(path, `= x(8)\n\n== NAME\n\nx - y\n\n== OPTIONS\n\n${body}\n`);
  return await convertManual(path, parts, "9.9");
}

/** Why a text is refused. */
async function refusal(body: string): Promise<string> {
  return await convertText(body).catch((error: unknown) => String(error));
}

describe("ManualParts", () => {
  test("left() names what no page has", () => {
    const parts = new ManualParts();
    const all = parts.left();
    expect(all).toContain("key:task-slide.T");
    expect(all).toContain("option:etmemd.conf-dir");
    parts.take("key:task-slide.T");
    expect(parts.left()).toEqual(all.filter((target) => target !== "key:task-slide.T"));
  });

  test("take() refuses what is not there, and a second time", () => {
    const parts = new ManualParts();
    expect(() => parts.take("key:project.lop")).toThrow("there is no such part");
    parts.take("exit:etmem");
    expect(() => parts.take("exit:etmem")).toThrow("it is there twice");
    expect(() => parts.take("keys:task-slid")).toThrow("no such table");
  });

  test("take() gives the keys that are left of a table, then of all engines", () => {
    const parts = new ManualParts();
    parts.take("key:task-cslide.anon_only");
    const rest = parts.take("keys:task-cslide").join("\n");
    expect(rest).toMatch(/pass:c\[vm_flags=\][^]*pass:c\[ign_host=\]/);
    expect(rest).not.toContain("anon_only=");
    expect(parts.take("keys:task-cslide")).toEqual([]);
    const others = parts.take("engines:task");
    expect(others.slice(0, 3)).toEqual(["=== Of slide", "", "**pass:c[T=]**::"]);
    expect(others).not.toContain("=== Of cslide");
    expect(parts.left().filter((target) => target.startsWith("key:task-"))).toEqual([]);
  });
});

describe("convertManual()", () => {
  test("takes a part where the page includes it", async () => {
    const page = await convertText("include::key:project.loop[]\n\nMore.");
    expect(page).toContain("\\fBloop=\\fP\n.RS 4\nScans in a round.\n");
    expect(page).toContain("Allowed: 1 to 120. Mandatory. Example: \\fBloop=3\\fP\n.RE\n");
    expect(page).toContain('.TH "X" "8" "" "etmem 9.9" "etmem"');
  });

  test("fails for an unknown part, and for what Asciidoctor warns about", async () => {
    expect(await refusal("include::key:project.lop[]")).toContain("there is no such part");
    expect(await refusal("include::nowhere.c[]")).toContain("nowhere.c");
  });
});
