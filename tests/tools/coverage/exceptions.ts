/** Why a file has less than 90 % of its lines executed by the tests that run on any machine. */
export interface Exception {
  /** What those lines need. */
  readonly why: string;
  /** The test that runs them, or comes nearest, relative to the top. */
  readonly shownBy: string;
}

/** Keeps pages on two kinds of memory nodes. */
const CSLIDE: Exception = {
  why: "cslide needs idle_pages or page_idle and a slow memory node: only the VM has them",
  shownBy: "tests/vm/scenarios/cslide.ts",
};

/** By file. `npm run coverage` demands an entry for each file that needs one, and for no other. */
export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  "src/daemon/background.ts": {
    why: "a server that is killed, or says nonsense, between its start and its report",
    shownBy: "tests/system/server_background.test.ts",
  },
  "src/engine/cslide/cslide_engine.ts": CSLIDE,
  "src/engine/cslide/cslide_round.ts": CSLIDE,
  "src/engine/cslide/move_pair.ts": CSLIDE,
  "src/log/stderr_sink.ts": {
    why: "one line is for a terminal that cannot be opened a second time",
    shownBy: "tests/unit/log/stderr_sink.test.ts",
  },
  "src/mover/mover_swap_pages.ts": {
    why: "the mover itself needs /proc/PID/swap_pages of etmem_swap",
    shownBy: "tests/vm/scenarios/slide_layouts.ts",
  },
  "src/tracker/huge_page.ts": {
    why: "whole huge pages are looked for by the tracker page_idle and by cslide only",
    shownBy: "tests/vm/scenarios/slide_huge.ts",
  },
  "src/tracker/tracker_idle_pages.ts": {
    why: "ioctl(2) and the reasons for which it is refused need /proc/PID/idle_pages of etmem_scan",
    shownBy: "tests/vm/scenarios/slide_conditions.ts",
  },
  "src/tracker/tracker_page_idle.ts": {
    why: "it needs /sys/kernel/mm/page_idle/bitmap (CONFIG_IDLE_PAGE_TRACKING)",
    shownBy: "tests/vm/scenarios/slide_layouts.ts",
  },
  "src/engine/cslide/locate_pages.ts": {
    why: "hugetlb memory, and a process that ends between two batches",
    shownBy: "tests/vm/scenarios/cslide.ts",
  },
  "src/mover/trim_swap_cache.ts": {
    why: "the swap cache is steered by ioctl(2) on /proc/PID/swap_pages of etmem_swap",
    shownBy: "tests/vm/scenarios/slide_swap_cache.ts",
  },
};
