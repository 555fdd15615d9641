/**
 * Tests that do not run on emulated aarch64, and why: all of a path,
 * but for what `tests` or `only` say.
 */
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

const NO_BPF = "qemu-user has no bpf(2), and the page tables are those of this machine";

const NO_SECCOMP = "qemu-user has no seccomp(2)";

/** The one list of them; what is not in it runs. */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    path: "tests/unit/ffi/move_pages.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/unit/engine/cslide/move_pair_faults.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/unit/engine/cslide/locate_pages.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/unit/ffi/pagemap_scan.test.ts",
    tests: ["PagemapScan has the layout", "PagemapScan findPresent()"],
    reason: "qemu-user has no PAGEMAP_SCAN, and a layout is the same everywhere",
  },
  {
    path: "tests/unit/ffi/process_madvise.test.ts",
    tests: ["processMadvise()"],
    reason: "qemu-user has no process_madvise(2)",
  },
  {
    path: "tests/unit/mover/page_out.test.ts",
    tests: ["pageOut()", "the process_madvise mover"],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/slide/move_cold.test.ts",
    tests: ["moveCold()"],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/round/scan_step.test.ts",
    tests: ["runScanStep() after the last scan"],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/round/scan_step.test.ts",
    tests: ["runScanStep() goes on with ages"],
    reason: "qemu-user shows the memory of the emulator",
  },
  {
    path: "tests/unit/tracker/accessed_bits.test.ts",
    reason: "qemu-user has no process_madvise(2)",
  },
  {
    path: "tests/unit/tracker/tracker_page_table.test.ts",
    reason: NO_BPF,
  },
  {
    path: "tests/unit/engine/slide/used_since_scan.test.ts",
    tests: ["UsedSinceScan, by page_table"],
    reason: NO_BPF,
  },
  {
    path: "tests/unit/tracker/walk_present.test.ts",
    tests: ["walkPresent() shows huge pages", "walkPresent() looks at a window"],
    reason: "a user namespace does not see page frames, and qemu-user has no PAGEMAP_SCAN",
  },
  {
    path: "tests/unit/page_table/page_table_reader.test.ts",
    reason: NO_BPF,
  },
  {
    path: "tests/unit/page_table/self_test.test.ts",
    reason: NO_BPF,
  },
  {
    path: "tests/unit/page_table/why_no_page_tables.test.ts",
    reason: NO_BPF,
  },
  {
    path: "tests/unit/ffi/bpf.test.ts",
    tests: ["bpf(2)"],
    reason: NO_BPF,
  },
  {
    path: "tests/unit/engine/slide/guard_move.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/guard/swap_in_time.test.ts",
    tests: ["SwapInTime reads one moved page"],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/guard/stall_guard.test.ts",
    tests: ["StallGuard Zipf", "StallGuard half of the hot set"],
    reason: "a simulation of 900 s takes minutes there, and numbers are the same everywhere",
  },
  {
    path: "tests/unit/mover/frame_fates.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/mover/exec_in_move.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/slide/new_pages.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/slide/read_back.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/slide/shared_memory.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/cslide/exec_in_move.test.ts",
    reason: "qemu-user has no move_pages(2)",
  },
  {
    path: "tests/unit/engine/round/space_keys.test.ts",
    tests: ["SpaceKeys keyOf() gives two processes with one address space one key"],
    reason: "qemu-user has no kcmp(2), and no clone(2) with CLONE_VM for processes",
  },
  {
    path: "tests/unit/engine/round/first_thread_ended.test.ts",
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/round/shared_space.test.ts",
    reason: "qemu-user has no kcmp(2), and no clone(2) with CLONE_VM for processes",
  },
  {
    path: "tests/unit/procfs/shared_spaces.test.ts",
    tests: ["partBySpace() tells clone(2) with CLONE_VM from fork(2) by real processes"],
    reason: "qemu-user has no kcmp(2), and no clone(2) with CLONE_VM for processes",
  },
  {
    path: "tests/unit/procfs/numa_maps.test.ts",
    tests: ["readBoundRanges() finds what a real process has bound"],
    reason: "qemu-user has no mbind(2)",
  },
  {
    path: "tests/unit/procfs/kvm.test.ts",
    tests: ["runsVirtualMachine() tells a real one"],
    reason: "qemu-user has no KVM",
  },
  {
    path: "tests/unit/engine/cslide/cslide_round.test.ts",
    tests: ["CslideRound leaves a process alone with which the plan would be too large"],
    reason: "qemu-user has no move_pages(2)",
  },
  { path: "tests/unit/engine/slide/short_lives.test.ts", reason: NO_MOVES },
  { path: "tests/unit/engine/slide/freed_memory.test.ts", reason: NO_MOVES },
  { path: "tests/unit/engine/slide/zram_limit.test.ts", reason: NO_MOVES },
  { path: "tests/unit/engine/slide/bring_back.test.ts", reason: NO_MOVES },
  {
    path: "tests/unit/cli/progress_line.test.ts",
    tests: ["ProgressLine writes over"],
    reason: "script(1) of this machine cannot start programs of another one",
  },
  {
    path: "tests/unit/engine/slide/slide_engine.test.ts",
    tests: ["startTask() is refused", "startTask() warns"],
    reason: NO_MOVES,
  },
  { path: "tests/unit/engine/slide/cgroup_targets.test.ts", reason: NO_MOVES },
  {
    path: "tests/unit/engine/slide/round_loop.test.ts",
    tests: ["a started task", "stopTask()", "the smallest stall_limit of several tasks"],
    reason: NO_MOVES,
  },
  { path: "tests/unit/ffi/wrapper_faults.test.ts", reason: NO_SECCOMP },
  { path: "tests/unit/procfs/read_faults.test.ts", reason: NO_SECCOMP },
  {
    path: "tests/unit/cli/connection.test.ts",
    tests: ["Connection receive() reads what came while this process was held up"],
    reason: "half a second is too little under emulation",
  },
  {
    path: "tests/unit/procfs/pagemap.test.ts",
    tests: [
      "Pagemap frame()",
      "Pagemap nextPresent() looks at a bounded part",
      "Pagemap takes the pages of zeros for no memory",
    ],
    reason: "a user namespace does not see page frames, and qemu-user has no PAGEMAP_SCAN",
  },
  {
    path: "tests/unit/scan_lib/programs.test.ts",
    tests: ["the scan library under", "the checks of memory"],
    reason: "LeakSanitizer and valgrind do not work under qemu-user; the same programs run without",
  },
  {
    path: "tests/unit/scan_lib/example_engine.test.ts",
    reason: "it runs under valgrind where there is one, which does not work under qemu-user",
  },
  {
    path: "tests/unit/engine/slide/dry_run.test.ts",
    tests: ["a dry run "],
    reason: "qemu-user shows the memory of the emulator",
  },
  {
    path: "tests/unit/engine/slide/two_tasks.test.ts",
    tests: ["two tasks on one process"],
    reason: "qemu-user shows the memory of the emulator",
  },
  {
    path: "tests/unit/engine/round/round_pause.test.ts",
    tests: ["a move that takes longer than sleep"],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/engine/slide/spread_move.test.ts",
    tests: ["a move "],
    reason: NO_MOVES,
  },
  {
    path: "tests/unit/procfs/cgroup_tree.test.ts",
    tests: ["real control groups of version 1"],
    reason: "nothing in it depends on the architecture",
  },
  {
    path: "tests/unit/procfs/find_processes.test.ts",
    tests: ["findProcesses() finds no kernel thread of this machine"],
    reason: "these tests run in a PID namespace, which has none",
  },
  {
    path: "tests/unit/engine/plugin/plugin_engine.test.ts",
    only: [
      "PluginEngine calls the operations in their order",
      "PluginEngine unlinks a task",
      "PluginEngine says what is wrong with the library",
      "PluginEngine relays a megabyte",
    ],
    reason:
      "the others take seconds each, or look for the engine's process by its name in /proc, " +
      "which is that of qemu",
  },
  {
    path: "tests/unit/engine/cslide/plan_moves_properties.test.ts",
    reason: "nothing in it depends on the architecture, and it takes long",
  },
  {
    path: "tests/system/",
    reason: "servers and clients take seconds to start under emulation; smoke.ts stands for them",
  },
  {
    path: "tests/tools/fixtures/temporary_swap.test.ts",
    reason: "nothing in it depends on the architecture",
  },
  { path: "tests/system/arm64/", reason: "it tests this emulation" },
  { path: "tests/unit/bench/", reason: "nothing in it depends on the architecture" },
  { path: "tests/unit/demo/", reason: "nothing in it depends on the architecture" },
  { path: "tests/tools/additions/", reason: "nothing in it depends on the architecture" },
  { path: "tests/tools/fuzz/", reason: "nothing in it depends on the architecture" },
  { path: "tests/tools/gate/", reason: "nothing in it depends on the architecture" },
  { path: "tests/tools/layering/", reason: "nothing in it depends on the architecture" },
  { path: "tests/unit/packaging/", reason: "it looks at what is built on the host" },
  {
    path: "tests/system/security/",
    reason:
      "it counts threads of, and looks by name for, processes that are qemu's under emulation",
  },
  { path: "tests/vm/", reason: "the test VM is of x86_64" },
];
