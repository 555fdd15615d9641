import { type Explanations, NOTHING_TO_DO } from "../explanation.ts";

const MORE_SWAP = [
  "fallocate -l 8G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile",
];

/** Cold memory is spared, or not looked at. */
export const SPARE_EXPLANATIONS = {
  memory_suffices_again: {
    meaning: "Enough memory is available again, as sysmem_threshold says: the rest may stay.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  swap_gone: {
    meaning:
      "The swap space was taken away. Scans go on, and memory goes again when there is some.",
    remedy: "Make swap space.",
    commands: ["swapon --show", ...MORE_SWAP],
    hinders: "always",
  },
  swap_nearly_full: {
    meaning: "Less than 1/64 of the swap space is free (of a large one: less than 64 MiB).",
    remedy: "Make more swap space.",
    commands: ["swapon --show", ...MORE_SWAP],
    hinders: "always",
  },
  zram_nearly_full: {
    meaning:
      "The zram device that the kernel writes to takes as much DRAM as its mem_limit allows.",
    remedy: "Raise its mem_limit, or make other swap space with a higher priority.",
    commands: ["zramctl", "etmem status -s {socket}"],
    hinders: "always",
  },
  frees_nothing: {
    meaning: "The data is random, encrypted or compressed already: the copies in zram or zswap " +
      "take as much DRAM as it did. It is tried again after pauses that double.",
    remedy: "Leave such processes out, or use swap space on a disk.",
    commands: ["zramctl", "etmem status -n {project} -s {socket}"],
    hinders: "mostly",
  },
  swap_not_writable: {
    meaning: "What is written to swap does not arrive there: the device fails, or it is a zram " +
      "device that has reached its mem_limit.",
    remedy: "Look into the kernel's log. Raise mem_limit of a zram device, or make other swap.",
    commands: ["dmesg --level=err,warn | tail", "zramctl"],
    hinders: "always",
  },
  stall_limit_exceeded: {
    meaning: "The process waits for its memory for longer than stall_limit allows: too much " +
      "comes back. Nothing more of it moves until it waits less.",
    remedy: "Wait some minutes. If it stays so, the process uses what seems cold: raise `loop` " +
      "or `interval`, or raise stall_limit if the process may wait longer.",
    commands: ["etmem status -n {project} -s {socket}"],
    hinders: "mostly",
  },
  too_young: {
    meaning: "Pages that were idle for as long as these come back so often that the process " +
      "would wait for longer than stall_limit allows.",
    remedy: "Wait some minutes, until pages are older. Or raise stall_limit, if the process may " +
      "wait longer.",
    commands: ["etmem status -n {project} -s {socket}"],
    hinders: "never",
  },
  dram_percent_reached: {
    meaning: "As much of the process is in DRAM as dram_percent wants.",
    remedy: "Lower dram_percent if more is to go.",
    hinders: "never",
  },
  used_since_scan: {
    meaning: "The pages were used between the last scan and the move.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  shared_with_others: {
    meaning: "Several processes have these pages, as after fork(2), and process_madvise does not " +
      "move such pages.",
    remedy: "On an openEuler kernel the mover swap_pages can move them.",
    commands: ["modprobe -a etmem_scan etmem_swap"],
    hinders: "mostly",
  },
  shared_unseen: {
    meaning: "Several processes have these pages, and page_idle does not see who uses them.",
    remedy: "Use the tracker idle_pages or page_table.",
    commands: ["modprobe etmem_scan"],
    hinders: "mostly",
  },
  no_first_thread: {
    meaning: "The first thread of the process has ended, and process_madvise reaches the memory " +
      "through it.",
    remedy: "On an openEuler kernel the mover swap_pages can move it.",
    commands: ["modprobe -a etmem_scan etmem_swap"],
    hinders: "always",
  },
  gone_before_turn: {
    meaning: "The process gave the pages up between the last scan and the move.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  process_gone: {
    meaning: "The process ended, or executed another program, in the middle of the work.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  stopped: {
    meaning: "The project was stopped in the middle of the work.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  counted_already: {
    meaning: "Several processes have the memory. It counts, and moves, with the first of them.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  kept_earlier: {
    meaning: "The kernel did not let go of these pages in an earlier round. They are tried again " +
      "less and less often.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  shared_mapping: {
    meaning:
      "The engine slide moves private memory. Memory that is mapped as shared stays: MAP_SHARED, " +
      "System V, shared buffers of a database, the heap of ZGC.",
    remedy: "Have the program use private memory for what is seldom used, if it can.",
    hinders: "never",
  },
  program_files: {
    meaning: "Program code and mapped files are the kernel's to drop: they need no swap.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  sparse: {
    meaning: "Looking through a mapping of many gigabytes, of which hardly anything is present, " +
      "takes seconds before Linux 6.7.",
    remedy: "Boot Linux 6.7 or later, or use the tracker page_table or idle_pages.",
    hinders: "never",
  },
  not_marked: {
    meaning: "With swap_flag=yes only memory that the program has marked with " +
      "madvise(MADV_SWAPFLAG) moves. This memory bears no such mark.",
    remedy: "Set swap_flag=no in the task and add the file anew, or have the program mark its " +
      "memory.",
    commands: ["etmem obj del -f FILE -s {socket}", "etmem obj add -f FILE -s {socket}"],
    hinders: "mostly",
  },
} as const satisfies Explanations;
