import type { Explanations } from "../explanation.ts";

/** Work or a project waits, a key has no effect, and all else. */
export const WAIT_EXPLANATIONS = {
  kernel_holds_threads: {
    meaning: "Calls to the kernel do not return, and as many threads wait in them as there may " +
      "be. All tasks wait.",
    remedy: "Find out what the threads wait for: most often a disk that does not answer.",
    commands: [
      "dmesg --level=err,warn | tail",
      "grep -H State /proc/$(pidof etmemd)/task/*/status",
    ],
    hinders: "always",
  },
  start_refused: {
    meaning: "The project is tried again as soon as what it lacks may be there.",
    remedy: "Mend what the reason names.",
    commands: ["journalctl -t etmemd -n 50"],
    hinders: "always",
  },
  no_swap_space: {
    meaning: "The engine slide moves memory to swap, and there is no swap space.",
    remedy: "Make swap space: in compressed memory with zram, or on a disk. A project of " +
      "--conf-dir starts by itself then.",
    commands: [
      "modprobe zram && zramctl --find --size 8G",
      "mkswap /dev/zram0 && swapon -p 100 /dev/zram0",
    ],
    hinders: "always",
  },
  no_part_fits: {
    meaning: "No tracker, or no mover, of this machine can do what the task asks for. The reason " +
      "names what each lacks.",
    remedy: "Mend one of them, or remove the key that it cannot do.",
    hinders: "always",
  },
  pinned_part_does_not_fit: {
    meaning: "The project demands a tracker or mover that cannot be used here.",
    remedy: "Mend it, or remove `tracker` or `mover` from [project]: the best is taken then.",
    hinders: "always",
  },
  could_not_start: {
    meaning: "The dry run works, and a start without it would be refused: {detail}.",
    remedy: "Mend that before the project is started without --dry-run.",
    hinders: "never",
  },
  swap_cache_marks_useless: {
    meaning: "Only the mover swap_pages can have the kernel drop the swap cache: {detail}.",
    remedy: "Load etmem_swap on an openEuler kernel, or remove the two keys.",
    commands: ["modprobe -a etmem_scan etmem_swap"],
    hinders: "never",
  },
  failed: {
    meaning: "A call to the kernel failed, a file below /proc could not be read, or a " +
      "third-party engine said this.",
    remedy: "Look into the log of the server and of the kernel. If it comes again and again, it " +
      "is a fault to report.",
    commands: ["journalctl -t etmemd -n 50", "dmesg --level=err,warn | tail"],
    hinders: "mostly",
  },
} as const satisfies Explanations;
