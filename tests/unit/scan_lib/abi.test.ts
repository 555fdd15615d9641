import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { CLANG, compileC, isThere, run, SCAN_LIB, WARNINGS } from "./c_program.ts";

/** The interface page's table: size, then offset of every member in order, of LP64 machines. */
const STRUCTS: Readonly<
  Record<string, { size: number; offsets: Readonly<Record<string, number>> }>
> = {
  engine_ops: {
    size: 72,
    offsets: {
      fill_eng_params: 0,
      clear_eng_params: 8,
      fill_task_params: 16,
      clear_task_params: 24,
      start_task: 32,
      stop_task: 40,
      alloc_pid_params: 48,
      free_pid_params: 56,
      eng_mgt_func: 64,
    },
  },
  engine: {
    size: 80,
    offsets: {
      engine_type: 0,
      name: 8,
      params: 16,
      proj: 24,
      page_ref: 32,
      ops: 40,
      tasks: 48,
      page_cnt: 56,
      next: 64,
      handler: 72,
    },
  },
  task: {
    size: 88,
    offsets: {
      type: 0,
      value: 8,
      name: 16,
      max_threads: 24,
      swap_flag: 28,
      pids: 32,
      eng: 40,
      params: 48,
      task_pt: 56,
      timer_inst: 64,
      threadpool_inst: 72,
      next: 80,
    },
  },
  task_pid: { size: 32, offsets: { pid: 0, rt_swapin_rate: 4, params: 8, tk: 16, next: 24 } },
  project: {
    size: 56,
    offsets: {
      name: 0,
      type: 8,
      scan_param: 16,
      sysmem_threshold: 24,
      swapcache_high_wmark: 28,
      swapcache_low_wmark: 32,
      start: 36,
      wmark_set: 37,
      engs: 40,
      entry: 48,
    },
  },
  page_scan: { size: 12, offsets: { interval: 0, loop: 4, sleep: 8 } },
  vma: {
    size: 320,
    offsets: {
      start: 0,
      end: 8,
      stat: 16,
      offset: 24,
      inode: 32,
      path: 40,
      major: 296,
      minor: 304,
      next: 312,
    },
  },
  vmas: { size: 16, offsets: { vma_cnt: 0, vma_list: 8 } },
  page_refs: { size: 24, offsets: { addr: 0, count: 8, type: 12, next: 16 } },
};

const CONSTANTS: Readonly<Record<string, number>> = {
  PAGE_SCAN: 0,
  REGION_SCAN: 1,
  PSI_SCAN: 2,
  PTE_TYPE: 0,
  PMD_TYPE: 1,
  PUD_TYPE: 2,
  SCAN_AS_HUGE: 0o100000000,
  SCAN_IGN_HOST: 0o200000000,
  VMA_SCAN_FLAG: 0x1000,
  SCAN_DIRTY_PAGE: 0x40000,
};

/** Sizes of the members that are no pointer and no int. */
const MEMBER_SIZES: Readonly<Record<string, number>> = {
  "vma.stat": 4,
  "vma.path": 256,
  "vma.major": 8,
  "vma.minor": 8,
  "project.start": 1,
  "project.wmark_set": 1,
};

const folder = new ScratchFolder();
afterAll(() => folder[Symbol.dispose]());

const SCAN_HEADERS = ["etmemd_exp.h", "etmemd_scan_exp.h", "etmemd_scan_export.h"];
const ENGINE_HEADERS = [
  "etmemd_engine_exp.h",
  "etmemd_project_exp.h",
  "etmemd_task_exp.h",
  "etmemd_thirdparty_export.h",
];

/**
 * GLib's headers, or where they are not installed a header that declares GKeyFile as GLib does: an
 * opaque struct, which is all that the public headers use of it.
 */
function glibFlags(): string[] {
  if (isThere("pkg-config") && Bun.spawnSync(["pkg-config", "--exists", "glib-2.0"]).success) {
    // GLib's own headers are not ours to warn about
    return run(["pkg-config", "--cflags", "glib-2.0"]).trim().split(/\s+/).map((flag) =>
      flag.replace(/^-I/, "-isystem")
    );
  }
  writeFileSync(join(folder.path, "glib.h"), "typedef struct _GKeyFile GKeyFile;\n");
  return [`-I${folder.path}`];
}

describe("the public headers", () => {
  test("lay every struct out as the interface page says", () => {
    const executable = join(folder.path, "abi_layout");
    compileC(executable, [
      `-I${SCAN_LIB}/include`,
      ...glibFlags(),
      join(import.meta.dir, "abi_layout.c"),
    ]);
    const printed = new Map(
      run([executable]).trim().split("\n").map((line): [string, number[]] => {
        const [name = "", ...numbers] = line.split(" ");
        return [name, numbers.map(Number)];
      }),
    );
    for (const [struct, { size, offsets }] of Object.entries(STRUCTS)) {
      expect([struct, printed.get(struct)]).toEqual([struct, [size]]);
      const ends = [...Object.values(offsets).slice(1), size];
      for (const [i, [member, offset]] of Object.entries(offsets).entries()) {
        const name = `${struct}.${member}`;
        const [at, bytes = 0] = printed.get(name) ?? [];
        expect([name, at]).toEqual([name, offset]);
        const expected = MEMBER_SIZES[name];
        if (expected === undefined) expect([name, [4, 8].includes(bytes)]).toEqual([name, true]);
        else expect([name, bytes]).toEqual([name, expected]);
        expect(offset + bytes).toBeLessThanOrEqual(ends[i] ?? 0);
      }
    }
    for (const [name, value] of Object.entries(CONSTANTS)) {
      expect([name, printed.get(name)]).toEqual([name, [value]]);
    }
    expect([...printed.keys()].filter((name) => name in STRUCTS || name in CONSTANTS).length)
      .toBe(Object.keys(STRUCTS).length + Object.keys(CONSTANTS).length);
  });

  const compilers = [
    { compiler: "gcc", language: "c", standard: "c99" },
    { compiler: "gcc", language: "c", standard: "gnu11" },
    { compiler: "g++", language: "c++", standard: "c++11" },
    { compiler: "g++", language: "c++", standard: "gnu++17" },
    { compiler: CLANG, language: "c", standard: "c11" },
  ];
  for (const { compiler, language, standard } of compilers) {
    if (!isThere(compiler)) {
      console.log(`the public headers: left out ${standard}: there is no ${compiler}`);
      continue;
    }
    test(`compile alone in ${standard} with ${compiler}`, () => {
      const syntaxOnly = [
        compiler,
        "-x",
        language,
        `-std=${standard}`,
        ...WARNINGS,
        "-Wpedantic",
        "-fsyntax-only",
      ];
      for (const header of [...SCAN_HEADERS, ...ENGINE_HEADERS]) {
        // the scan part must not need GLib
        const glib = ENGINE_HEADERS.includes(header) ? glibFlags() : [];
        const source = join(folder.path, "alone.c");
        writeFileSync(
          source,
          `#include "${header}"\n#include "${header}"\nint main(void) { return 0; }\n`,
        );
        run([...syntaxOnly, `-I${SCAN_LIB}/include`, ...glib, source]);
      }
    });
  }
});
