import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { convertManual } from "../../../packaging/manuals/convert_manual.ts";
import { keyEntry } from "../../../packaging/manuals/key_entry.ts";
import { ManualParts } from "../../../packaging/manuals/manual_parts.ts";
import { PROJECT_KEYS } from "../../../src/config/project_keys.ts";
import { CSLIDE_TASK_KEYS } from "../../../src/config/task_keys.ts";
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
    parts.take("key:task-slide.T", { example: "1" });
    expect(parts.left()).toEqual(all.filter((target) => target !== "key:task-slide.T"));
  });

  test("take() refuses what is not there, and a second time", () => {
    const parts = new ManualParts();
    expect(() => parts.take("key:project.lop", {})).toThrow("there is no such part");
    parts.take("exit:etmem", {});
    expect(() => parts.take("exit:etmem", {})).toThrow("it is there twice");
  });
});

describe("keyEntry()", () => {
  test("refuses an example that is not allowed or is warned about", () => {
    expect(() => keyEntry("loop", PROJECT_KEYS.keys.loop, "121")).toThrow(
      'Cannot describe key "loop": its example "121" is not allowed, allowed is 1 to 120',
    );
    expect(() => keyEntry("vm_flags", CSLIDE_TASK_KEYS.keys.vm_flags, "hg")).toThrow(
      "warned about",
    );
  });
});

describe("convertManual()", () => {
  test("takes a part where the page includes it", async () => {
    const page = await convertText("include::key:project.loop[example=3]\n\nMore.");
    expect(page).toContain("\\fBloop=\\fP\n.RS 4\nScans in a round.\n");
    expect(page).toContain("Allowed: 1 to 120. Mandatory. Example: \\fBloop=3\\fP\n.RE\n");
    expect(page).toContain('.TH "X" "8" "" "etmem 9.9" "etmem"');
  });

  test("fails for an unknown part, and for what Asciidoctor warns about", async () => {
    expect(await refusal("include::key:project.lop[]")).toContain("there is no such part");
    expect(await refusal("include::nowhere.c[]")).toContain("nowhere.c");
  });
});
