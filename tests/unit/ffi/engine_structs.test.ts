import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CMemory } from "../../../ffi/c_memory.ts";
import type { Member } from "../../../ffi/struct_layout.ts";
import {
  ENGINE,
  ENGINE_OPS,
  PAGE_SCAN,
  PROJECT,
  TASK,
  TASK_PID,
} from "../../../ffi/engine_structs.ts";

const HEADERS = join(import.meta.dir, "../../../scan_lib/include");
const STRUCTS: Readonly<
  Record<string, { sizeBytes: number; members: Readonly<Record<string, Member>> }>
> = {
  engine: ENGINE,
  engine_ops: ENGINE_OPS,
  page_scan: PAGE_SCAN,
  project: PROJECT,
  task: TASK,
  task_pid: TASK_PID,
};
/** Of engine-abi: what libraries built against the original headers rely on. */
const SIZES = { engine: 80, engine_ops: 72, page_scan: 12, project: 56, task: 88, task_pid: 32 };
const MEMBER_BYTES = { i32: 4, u32: 4, f32: 4, u64: 8, pointer: 8, bool: 1 };

/** What a C program compiled from the public headers prints. */
function ask(lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "structs-"));
  try {
    const source = join(folder, "layout.c");
    writeFileSync(
      source,
      [
        "#include <etmemd_thirdparty_export.h>",
        "#include <stddef.h>",
        "#include <stdio.h>",
        "int main(void) {",
        ...lines,
        "return 0; }",
      ].join("\n"),
    );
    const glib = Bun.spawnSync(["pkg-config", "--cflags", "glib-2.0"]).stdout.toString().trim();
    const program = join(folder, "layout");
    const gcc = Bun.spawnSync(["gcc", "-Wall", "-Werror", `-I${HEADERS}`].concat(
      glib.split(" "),
      ["-o", program, source],
    ));
    if (!gcc.success) throw new Error(gcc.stderr.toString());
    return Bun.spawnSync([program]).stdout.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("StructLayout has the sizes, offsets and widths of the C compiler", () => {
  const questions: string[] = [];
  const expected: string[] = [];
  for (const [struct, { sizeBytes, members }] of Object.entries(STRUCTS)) {
    questions.push(`printf("${struct} %zu\\n", sizeof(struct ${struct}));`);
    expected.push(`${struct} ${sizeBytes}`);
    for (const [name, { offset, type }] of Object.entries(members)) {
      questions.push(
        `printf("${struct}.${name} %zu %zu\\n", offsetof(struct ${struct}, ${name}), sizeof(((struct ${struct} *)0)->${name}));`,
      );
      expected.push(`${struct}.${name} ${offset} ${MEMBER_BYTES[type]}`);
    }
  }
  expect(ask(questions).trim().split("\n")).toEqual(expected);
  expect(Object.fromEntries(Object.entries(STRUCTS).map(([n, s]) => [n, s.sizeBytes]))).toEqual(
    SIZES,
  );
});

test("CStruct reads back what was written and leaves the rest zero", () => {
  using engine = ENGINE.allocate({
    engine_type: -7,
    page_cnt: 2n ** 63n + 1n,
    name: 0x7fff_ffff_f000,
  });
  expect(engine.read("engine_type")).toBe(-7);
  expect(engine.read("page_cnt")).toBe(2n ** 63n + 1n);
  expect(engine.read("name")).toBe(0x7fff_ffff_f000);
  expect(engine.read("params")).toBe(0);
  engine.write({ engine_type: 7 });
  expect(ENGINE.readAt(engine.address, "engine_type")).toBe(7);
  expect(engine.read("page_cnt")).toBe(2n ** 63n + 1n);
  using project = PROJECT.allocate({ start: true, sysmem_threshold: -1 });
  expect(project.read("start")).toBe(true);
  expect(project.read("wmark_set")).toBe(false);
  expect(project.read("swapcache_low_wmark")).toBe(0);
  using pid = TASK_PID.allocate({ pid: 2 ** 32 - 1, rt_swapin_rate: 0.5 });
  expect(pid.read("pid")).toBe(2 ** 32 - 1);
  expect(pid.read("rt_swapin_rate")).toBe(0.5);
});

test("CMemory.string() is terminated by NUL, and freed once", () => {
  const text = CMemory.string("ä\n");
  expect(Buffer.from(new Uint8Array(text.view().buffer)).toString()).toBe("ä\n\0");
  text[Symbol.dispose]();
  text[Symbol.dispose]();
});
