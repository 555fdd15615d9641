import { type Explanations, NOTHING_TO_DO } from "../explanation.ts";

/** A process is skipped. */
export const SKIP_EXPLANATIONS = {
  other_task_scans: {
    meaning: "Another task was at work on the process for more than 5 s.",
    remedy: "If two tasks always name the same process, delete one of them.",
    commands: ["etmem project show -s {socket}"],
    hinders: "never",
  },
  other_task_has: {
    meaning: "Two tasks of the engine name the process, and it counts for the first of them.",
    remedy: "Delete one of the two tasks.",
    commands: ["etmem project show -s {socket}"],
    hinders: "never",
  },
  kernel_holds_thread: {
    meaning: "A call to the kernel about this process has not returned for 2 s or more. The " +
      "process may be dumping core, or wait for a disk that does not answer.",
    remedy: "Find out what the process waits for.",
    commands: ["cat /proc/{pid}/stack", "dmesg --level=err,warn | tail"],
    hinders: "mostly",
  },
  no_thread: {
    meaning: "The server cannot make a thread: a limit of processes or of memory is reached.",
    remedy: "Raise the limit that is reached: TasksMax= or MemoryMax= of the unit, pids.max of " +
      "the control group, or kernel.threads-max.",
    commands: ["systemctl set-property etmemd TasksMax=512"],
    hinders: "always",
  },
  quiet: {
    meaning: "All that can move has moved, and the process has not asked for memory since. It is " +
      "looked at again as soon as it does.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  settled: {
    meaning:
      "The process has had no CPU since its last round. That round found nothing in use, and " +
      "nothing of it that may still move. It is looked at again as soon as it runs.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  below_swap_threshold: {
    meaning: "The process is smaller than swap_threshold of its task.",
    remedy: "Lower swap_threshold if it is to be worked on, and add the file anew.",
    commands: ["grep -E 'VmRSS|VmSwap' /proc/{pid}/status"],
    hinders: "mostly",
  },
  nothing_is_cold: {
    meaning: "With T=0 a page would need fewer than 0 accesses to be cold.",
    remedy: "Set T=1 in the task, and add the file anew.",
    hinders: "always",
  },
  paused: {
    meaning: "What moved last freed hardly any memory, or could not be written to swap. The task " +
      "tries again by itself, after pauses that double.",
    remedy: "See what the reason says of the swap space.",
    commands: ["zramctl", "dmesg --level=err,warn | tail"],
    hinders: "mostly",
  },
  memory_suffices: {
    meaning: "The project moves nothing while more of the machine's memory is available than " +
      "sysmem_threshold says. On a large host that may never happen.",
    remedy: "Raise sysmem_threshold above the share of memory that is available, or remove the " +
      "key, and add the file anew.",
    commands: ["grep -E 'MemTotal|MemAvailable' /proc/meminfo"],
    hinders: "always",
  },
  group_may_not_swap: {
    meaning: "{detail} is 0 for the process: its control group, or one above it, keeps all of " +
      "its memory out of swap.",
    remedy: "Raise the limit: of a service with MemorySwapMax=.",
    commands: [
      "cat /proc/{pid}/cgroup",
      "systemctl set-property UNIT MemorySwapMax=infinity",
    ],
    hinders: "mostly",
  },
  at_group_limit: {
    meaning:
      "The control group has no more than psi leaves to it: what cannot be reclaimed, what " +
      "memory.low and memory.min protect, limit_min_bytes, limit_min_ratio, and what it missed.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  group_waits: {
    meaning:
      "Processes of the control group wait for {detail} for a larger part of the time than " +
      "`pressure` allows. psi asks for nothing until they do not.",
    remedy: "Nothing needs to be done if that passes. Otherwise raise `pressure` of the task.",
    commands: ["cat /sys/fs/cgroup/GROUP/memory.pressure /sys/fs/cgroup/GROUP/io.pressure"],
    hinders: "never",
  },
  group_misses_memory: {
    meaning: "The control group reads back what was reclaimed of it, and that takes a larger " +
      "part of its time than `pressure` allows. psi asks for nothing until it does not.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
  no_memory_account: {
    meaning: "The kernel does not account for the memory of the control group: the memory " +
      "controller is not enabled for it.",
    remedy: "Enable it in the group above, for a service with MemoryAccounting=yes.",
    commands: ["systemctl set-property UNIT MemoryAccounting=yes"],
    hinders: "always",
  },
  no_memory_reclaim: {
    meaning: "The kernel has no memory.reclaim, by which psi reclaims memory. Stock kernels have " +
      "it since Linux 5.19, with control groups of version 2 alone.",
    remedy: "Boot with control groups of version 2, or use the engine slide with type=cgroup.",
    commands: ["findmnt -t cgroup2", "uname -r"],
    hinders: "always",
  },
  no_group_pressure: {
    meaning: "The kernel keeps no pressure stall information (PSI) of control groups, by which " +
      "psi sees that processes wait.",
    remedy: "Put psi=1 on the kernel's command line and boot. Or use the engine slide with " +
      "type=cgroup.",
    commands: ["cat /proc/pressure/memory", "grubby --update-kernel=ALL --args=psi=1"],
    hinders: "always",
  },
  group_protected: {
    meaning:
      "The control group of the process, or one above it, has no more memory than {detail} " +
      "protects. A task with type=cgroup keeps that.",
    remedy: "Nothing needs to be done if the limit is meant. Otherwise lower it: of a service " +
      "with MemoryLow= or MemoryMin=.",
    commands: [
      "cat /proc/{pid}/cgroup",
      "systemctl set-property UNIT MemoryLow=0",
    ],
    hinders: "mostly",
  },
  group_swap_full: {
    meaning: "The control group of the process, or one above it, has as much in swap as " +
      "{detail} allows.",
    remedy: "Raise the limit: of a service with MemorySwapMax=.",
    commands: [
      "cat /proc/{pid}/cgroup",
      "systemctl set-property UNIT MemorySwapMax=infinity",
    ],
    hinders: "mostly",
  },
  guest_unseen_by_smaps: {
    meaning: "The process runs a virtual machine. What its guest uses shows neither in smaps nor " +
      "in its page tables, so it would all seem idle.",
    remedy: "Load etmem_scan on an openEuler kernel, or boot a kernel with idle page tracking.",
    commands: ["modprobe etmem_scan"],
    hinders: "mostly",
  },
  guest_unseen_by_page_table: {
    meaning: "The process runs a virtual machine. Only page_idle or idle_pages sees what its " +
      "guest uses, and neither can be used here.",
    remedy: "Boot a kernel with CONFIG_IDLE_PAGE_TRACKING.",
    hinders: "mostly",
  },
  too_much_to_plan: {
    meaning: "All processes of the engine together have more pages than one plan can hold.",
    remedy: "Use huge pages for them, or divide them among several projects.",
    hinders: "mostly",
  },
} as const satisfies Explanations;
