import { afterAll, describe, expect, test } from "bun:test";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { SEED } from "../../tools/fixtures/seed.ts";
import { buildProgram, type CProgram, isThere, runProgram, type Variant } from "./c_program.ts";

const FILE_CALLS = ["open", "read", "lseek", "ioctl", "close", "access"];
const FRAME_CALLS = ["open", "read", "pread", "pwrite", "close", "access"];
const MEMORY_CALLS = ["malloc", "calloc", "realloc"];

/** What a program shows, and the program; sources and wraps as in the head of each. */
const PROGRAMS: readonly (CProgram & { readonly shows: string; readonly random: boolean })[] = [
  {
    shows:
      "page_cursor_add() keeps the list as a plain model does when pages come, go, split and join",
    sources: ["page_list_test.c"],
    random: true,
  },
  {
    shows: "idle_stream_decode() agrees with a slow model on whole, cut and corrupt streams",
    sources: ["idle_stream_test.c"],
    random: true,
  },
  {
    shows: "vma_text_read() reads maps and smaps and refuses other text",
    sources: ["vma_text_test.c", "failing_malloc.c"],
    wraps: MEMORY_CALLS,
    random: true,
  },
  {
    shows: "idle_pages_scan() reports every page once however the kernel cuts its answers",
    sources: ["idle_pages_test.c", "fake_idle_pages.c"],
    wraps: FILE_CALLS,
    random: true,
  },
  {
    shows: "pagemap_walk() finds all pages, and leaves holes out where the kernel tells of them",
    sources: ["pagemap_test.c"],
    random: false,
  },
  {
    shows: "page_idle_scan() tells what was used since the last scan and marks only its own pages",
    sources: ["page_idle_test.c", "fake_page_idle.c"],
    wraps: FRAME_CALLS,
    random: true,
  },
  {
    shows: "page_idle_scan() tells faults apart and is where etmemd_get_page_refs() falls back to",
    sources: ["page_idle_faults_test.c", "fake_page_idle.c", "failing_malloc.c"],
    wraps: [...FRAME_CALLS, ...MEMORY_CALLS],
    random: false,
  },
  {
    shows: "etmemd_get_page_refs() passes flags and errors on",
    sources: ["get_page_refs_test.c", "fake_idle_pages.c", "failing_malloc.c"],
    wraps: [...FILE_CALLS, ...MEMORY_CALLS],
    random: false,
  },
  {
    shows: "the six functions work on this machine's processes",
    sources: ["interface_test.c"],
    random: false,
  },
];

const folder = new ScratchFolder();
afterAll(() => folder[Symbol.dispose]());

function check(variant: Variant): void {
  for (const program of PROGRAMS) {
    // A failure shows it.
    const seed = String(SEED);
    test(program.shows, () => {
      const executable = buildProgram(program, variant, folder.path);
      const checks = runProgram(executable, variant, ...(program.random ? [seed] : []));
      expect(checks).toBeGreaterThan(10);
    });
  }
}

describe("the scan library", () => check("plain"));

describe("the scan library under AddressSanitizer and UBSan", () => check("sanitized"));

if (isThere("valgrind")) {
  describe("the scan library under valgrind", () => check("valgrind"));
} else {
  console.log("the scan library under valgrind: left out: there is no valgrind");
}

describe("the checks of memory", () => {
  const planted = ["leak", "overflow", "after_free"];
  for (const variant of ["sanitized", "valgrind"] as const) {
    if (variant === "valgrind" && !isThere("valgrind")) continue;
    test(`${variant} fails a program that leaks or goes beyond its memory`, () => {
      const executable = buildProgram({ sources: ["planted_faults.c"] }, variant, folder.path);
      expect(runProgram(executable, variant, "none")).toBeGreaterThan(0);
      for (const fault of planted) {
        expect(() => runProgram(executable, variant, fault)).toThrow(`${fault}" ended with`);
      }
    });
  }
});
