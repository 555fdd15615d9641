/** Tests that do not run on emulated aarch64, and why: all of a path, but for what `tests` or `only` say. */
export interface LeftOut {
  /** A test file, or a folder of them. */
  readonly path: string;
  /** Only these are left out: how their full names, with those of describe() in front, begin. */
  readonly tests?: readonly string[];
  /** These run nevertheless. */
  readonly only?: readonly string[];
  readonly reason: string;
}

const NO_MOVES = "a user namespace makes no swap space, and qemu-user has no process_madvise(2)";

const NO_SECCOMP = "qemu-user has no seccomp(2)";

/** The one list of them; what is not in it runs. */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    path: "tests/ffi/move_pages.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/engine/cslide/move_pair_faults.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/worker/locate_pages.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/ffi/pagemap_scan.test.ts",
    tests: ["PagemapScan has the layout", "PagemapScan findPresent()"],
    reason: "qemu-user has no PAGEMAP_SCAN, and a layout is the same everywhere",
  },
  {
    path: "tests/ffi/process_madvise.test.ts",
    tests: ["processMadvise()"],
    reason: "qemu-user has no process_madvise(2)",
  },
  {
    path: "tests/migrate/page_out.test.ts",
    tests: ["pageOut()", "the process_madvise mover"],
    reason: NO_MOVES,
  },
  {
    path: "tests/worker/move_cold.test.ts",
    tests: ["moveCold()"],
    reason: NO_MOVES,
  },
  {
    path: "tests/worker/process_step.test.ts",
    tests: ["runProcessStep() after the last scan"],
    reason: NO_MOVES,
  },
  {
    path: "tests/engine/slide/slide_engine.test.ts",
    tests: ["startTask() is refused"],
    reason: NO_MOVES,
  },
  {
    path: "tests/engine/slide/task_run.test.ts",
    tests: ["a started task", "stopTask()"],
    reason: NO_MOVES,
  },
  { path: "tests/ffi/wrapper_faults.test.ts", reason: NO_SECCOMP },
  { path: "tests/procfs/read_faults.test.ts", reason: NO_SECCOMP },
  {
    path: "tests/cli/connection.test.ts",
    tests: ["Connection receive() reads what came while this process was held up"],
    reason: "half a second is too little under emulation",
  },
  {
    path: "tests/procfs/pagemap.test.ts",
    tests: ["Pagemap frame()", "Pagemap nextPresent() looks at a bounded part"],
    reason: "a user namespace does not see page frames, and qemu-user has no PAGEMAP_SCAN",
  },
  {
    path: "tests/scan_lib/programs.test.ts",
    tests: ["the scan library under", "the checks of memory"],
    reason: "LeakSanitizer and valgrind do not work under qemu-user; the same programs run without",
  },
  {
    path: "tests/scan_lib/example_engine.test.ts",
    reason: "it runs under valgrind where there is one, which does not work under qemu-user",
  },
  {
    path: "tests/engine/thirdparty/thirdparty_engine.test.ts",
    only: [
      "ThirdPartyEngine calls the operations in their order",
      "ThirdPartyEngine unlinks a task",
      "ThirdPartyEngine says what is wrong with the library",
      "ThirdPartyEngine relays a megabyte",
    ],
    reason:
      "the others take seconds each, or look for the engine's process by its name in /proc, " +
      "which is that of qemu",
  },
  {
    path: "tests/engine/cslide/policy_properties.test.ts",
    reason: "nothing in it depends on the architecture, and it takes long",
  },
  {
    path: "tests/integration/",
    reason: "servers and clients take seconds to start under emulation; smoke.ts stands for them",
  },
  {
    path: "tests/fixtures/temporary_swap.test.ts",
    reason: "nothing in it depends on the architecture",
  },
  { path: "tests/arm64/", reason: "it tests this emulation" },
  { path: "tests/bench/", reason: "nothing in it depends on the architecture" },
  { path: "tests/demo/", reason: "nothing in it depends on the architecture" },
  { path: "tests/fuzz/", reason: "nothing in it depends on the architecture" },
  { path: "tests/gate/", reason: "nothing in it depends on the architecture" },
  { path: "tests/layering/", reason: "nothing in it depends on the architecture" },
  { path: "tests/packaging/", reason: "it looks at what is built on the host" },
  {
    path: "tests/security/",
    reason:
      "it counts threads of, and looks by name for, processes that are qemu's under emulation",
  },
  { path: "tests/vm/", reason: "the test VM is of x86_64" },
];
