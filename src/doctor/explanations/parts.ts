import type { Explanations } from "../explanation.ts";

const CONFIG = 'grep -E "DEBUG_INFO_BTF|BPF_SYSCALL|IDLE_PAGE" /boot/config-$(uname -r)';
const NEWER_KERNEL = {
  remedy: "Boot a newer kernel of the distribution.",
  commands: ["uname -r"],
  hinders: "never",
} as const;
const REPORT = {
  remedy: "Another tracker is taken. Please report it, with the name of the kernel.",
  commands: ["uname -rm"],
  hinders: "never",
} as const;

/** A tracker or a mover is missing. */
export const PART_EXPLANATIONS = {
  lacks_capability: {
    meaning: "A container, a unit or a user other than root lacks rights: {detail}.",
    remedy: "Give them back: CapabilityBoundingSet= of the unit, --cap-add of the container.",
    commands: [
      "podman run --cap-add=SYS_NICE,SYS_PTRACE,SYS_ADMIN,DAC_OVERRIDE IMAGE",
      "systemctl cat etmemd | grep Capability",
    ],
    hinders: "always",
  },
  lacks_capability_in_namespace: {
    meaning: "It runs in a user namespace, as in a rootless container. Root of one may not look " +
      "at the memory of others.",
    remedy: "Run etmemd on the host, or in a container of the host's root.",
    commands: ["cat /proc/self/uid_map"],
    hinders: "always",
  },
  no_idle_pages: {
    meaning: "Only kernels of openEuler have idle_pages.",
    remedy: "Nothing needs to be done where page_table can be used.",
    hinders: "never",
  },
  no_swap_pages: {
    meaning: "Only kernels of openEuler have swap_pages.",
    remedy: "Nothing needs to be done where process_madvise can be used.",
    hinders: "never",
  },
  etmem_scan_not_loaded: {
    meaning: "This kernel has the best tracker, idle_pages, as a module that is not loaded. Only " +
      "with it swap_flag, hugetlb memory and libetmemd_scan work.",
    remedy: "Load the module.",
    commands: ["modprobe etmem_scan"],
    hinders: "always",
  },
  etmem_swap_not_loaded: {
    meaning: "This kernel has the best mover, swap_pages, as a module that is not loaded. Only " +
      "with it shared pages move and the swap cache marks work.",
    remedy: "Load the module.",
    commands: ["modprobe etmem_swap"],
    hinders: "always",
  },
  file_needs_sys_admin: {
    meaning: "The kernel opens /proc/PID/{detail} only to a process with CAP_SYS_ADMIN.",
    remedy:
      "Give it to the server: CapabilityBoundingSet= of the unit, --cap-add of the container.",
    commands: ["systemctl cat etmemd | grep Capability"],
    hinders: "always",
  },
  no_vma_scan_flags: {
    meaning: "This kernel's idle_pages is older than swap_flag.",
    remedy: "Boot a newer kernel of openEuler, or set swap_flag=no.",
    commands: ["uname -r"],
    hinders: "never",
  },
  no_process_madvise: {
    meaning: "Linux before 5.10 has no process_madvise(2): without the etmem modules nothing can " +
      "be moved to swap.",
    remedy: "Load the modules of an openEuler kernel, or boot Linux 5.10 or later.",
    commands: ["modprobe -a etmem_scan etmem_swap"],
    hinders: "never",
  },
  no_idle_bitmap: {
    meaning: "This kernel was built without idle page tracking.",
    remedy: "Nothing needs to be done where page_table or idle_pages can be used.",
    commands: [CONFIG],
    hinders: "never",
  },
  no_swapflag: {
    meaning: "Only idle_pages of openEuler knows which memory a program has marked.",
    remedy: "Set swap_flag=no, or load etmem_scan.",
    commands: ["modprobe etmem_scan"],
    hinders: "always",
  },
  no_btf: {
    meaning: "This kernel does not describe its types, which page_table needs.",
    remedy: "Boot a kernel of a distribution, or one with CONFIG_DEBUG_INFO_BTF.",
    commands: ["ls -l /sys/kernel/btf/vmlinux", CONFIG],
    hinders: "never",
  },
  btf_unreadable: {
    meaning: "The description of the kernel's types cannot be read.",
    remedy: "Let the server read it: a container needs /sys of the host.",
    commands: ["ls -l /sys/kernel/btf/vmlinux"],
    hinders: "never",
  },
  btf_lacks: {
    meaning: "This kernel has a type in another form than page_table knows.",
    ...REPORT,
  },
  no_bpf: {
    meaning: "This kernel was built without bpf(2), which page_table needs.",
    remedy: "Boot a kernel with CONFIG_BPF_SYSCALL.",
    commands: [CONFIG],
    hinders: "never",
  },
  bpf_denied: {
    meaning: "A filter of system calls, or a user namespace, keeps the server from bpf(2), which " +
      "page_table needs.",
    remedy:
      "Allow bpf: SystemCallFilter=bpf of the unit, another seccomp profile of the container.",
    commands: ["systemctl cat etmemd | grep SystemCallFilter"],
    hinders: "never",
  },
  bpf_refused: { meaning: "The kernel does not take the program of page_table.", ...REPORT },
  no_task_iterator: {
    meaning: "This kernel has no iterator over tasks, which page_table needs before Linux 5.17.",
    ...NEWER_KERNEL,
  },
  lockdown: {
    meaning: "The machine was booted with lockdown=confidentiality. So page_table cannot read " +
      "page tables, and a coarser tracker is taken.",
    remedy: "Boot with lockdown=integrity or without it, if that may be.",
    commands: ["cat /sys/kernel/security/lockdown", "cat /proc/cmdline"],
    hinders: "always",
  },
  page_tables_unknown: {
    meaning: "The tracker page_table does not know page tables of this form.",
    ...REPORT,
  },
  page_tables_not_found: {
    meaning: "The tracker page_table does not find the page tables of its own process.",
    ...REPORT,
  },
  no_direct_map: {
    meaning: "The tracker page_table does not find the kernel's map of memory.",
    ...REPORT,
  },
  prot_none_unknown: {
    meaning: "The tracker page_table does not know this kernel's PROT_NONE.",
    ...REPORT,
  },
  page_tables_misread: {
    meaning:
      "The tracker page_table has tried itself on pages of its own, and does not trust what it read.",
    ...REPORT,
  },
} as const satisfies Explanations;
