import { type Explanations, NOTHING_TO_DO } from "../explanation.ts";

/** The kernel did not move memory that it was asked for. */
export const REFUSE_EXPLANATIONS = {
  not_written: {
    meaning: "The pages are in the swap cache, and are not written: the swap device fails, or it " +
      "is a zram device that cannot compress them or has reached its mem_limit.",
    remedy: "Look into the kernel's log. Raise mem_limit of a zram device, or make other swap.",
    commands: ["dmesg --level=err,warn | tail", "zramctl"],
    hinders: "mostly",
  },
  in_page_cache: {
    meaning: "The pages are of a file and not written back yet.",
    remedy: "Nothing needs to be done: they go once they are written.",
    hinders: "never",
  },
  locked: {
    meaning: "The program has locked the memory with mlock(2), or it is hugetlb or device memory.",
    remedy: "Have the program lock less. `LimitMEMLOCK=` of a service limits it.",
    commands: ["grep VmLck /proc/{pid}/status"],
    hinders: "mostly",
  },
  shared: {
    meaning: "Several processes have these pages, and the mover does not move such pages.",
    remedy: "On an openEuler kernel the mover swap_pages can move them.",
    commands: ["modprobe -a etmem_scan etmem_swap"],
    hinders: "mostly",
  },
  kept: {
    meaning: "The kernel was asked, and kept the pages without saying why. A page that is used, " +
      "pinned by a device, or being written at that moment stays.",
    remedy: "If it is most of the memory, see whether swap space is full and what the kernel's " +
      "log says.",
    commands: ["swapon --show", "dmesg --level=err,warn | tail"],
    hinders: "mostly",
  },
  kernel_stopped: {
    meaning: "The kernel ended its work at these pages without saying why.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  unmapped: {
    meaning: "The program gave the pages up in the moment of the move.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  not_mapped: {
    meaning: "The program gave the pages up before they could be moved.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  fate_unknown: {
    meaning: "The server could not look afterwards where the pages are: {detail}.",
    remedy: "Look into the server's log.",
    commands: ["journalctl -t etmemd -n 50"],
    hinders: "mostly",
  },
  already_there: {
    meaning: "The pages were on the node that they were to move to.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  busy: {
    meaning: "The pages were in use by the kernel, or a device has pinned them.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  not_tried: {
    meaning: "The kernel gave up on these pages since others were busy or pinned.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  dirty: {
    meaning: "The pages are of a file and cannot be written back now.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  not_there: {
    meaning: "The program gave the pages up before they could be moved.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
} as const satisfies Explanations;
