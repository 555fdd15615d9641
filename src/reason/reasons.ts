/**
 * Why memory or a process was left where it is, and why a part of etmem cannot be used here: all
 * that `etmem status` gives as a reason, by name. `{}` stands for a detail. A text that several
 * entries fit is the first of them. `etmem doctor` explains each, see src/doctor/explanations.ts.
 */
const TABLE = {
  // A task finds no process.
  no_such_process: "there is no such process",
  process_ended: "the process has ended",
  pid_reused: "the pid is another process now",
  no_such_name: 'there is no process named "{}"',
  no_such_cgroup: 'no control group matches "{}"',
  cgroup_is_empty: 'no process is in the control groups that match "{}"',
  no_cgroups: "no control groups are mounted at /sys/fs/cgroup",
  in_other_pid_namespace: "some processes of the control groups have no pid in this pid namespace",
  kernel_thread: "a kernel thread is never a target",
  server_process: "an etmemd server is never a target",
  // A process is skipped.
  shares_space: "has the address space of another process",
  other_task_scans: "another task is scanning it",
  other_task_has: "belongs to task {}",
  kernel_holds_thread: "the kernel holds a thread at it",
  no_thread: "no thread can be made now: {}",
  quiet: "had no memory present that is moved, and no page fault since",
  settled: "has not run since its last round, which left nothing to move",
  below_swap_threshold: "VmRSS is not above swap_threshold",
  nothing_is_cold: "T=0: nothing counts as cold",
  paused: "paused for {}: {}",
  memory_suffices: "MemAvailable is not below sysmem_threshold",
  group_may_not_swap: "its control group may not swap: {} is 0",
  group_swap_full: "no swap space left for its control group: {}",
  group_protected: "protected by {} of its control group",
  // A control group is left alone in a round of psi, or cannot be worked on.
  at_group_limit: "has no more than its limit, or hardly more",
  group_waits: "waits for {} already",
  group_misses_memory: "reads back what was reclaimed",
  no_memory_account: "its memory is not accounted for (+memory in cgroup.subtree_control above it)",
  no_memory_reclaim:
    "this kernel has no memory.reclaim for it (Linux 5.19 with control groups of version 2)",
  no_group_pressure:
    "this kernel has no pressure stall information of it: psi=1 on its command line{}",
  guest_unseen_by_smaps: "runs a virtual machine, whose accesses smaps cannot see",
  guest_unseen_by_page_table: "runs a virtual machine, whose accesses page_table cannot see: {}",
  too_much_to_plan: "more memory than one round of cslide plans for (2 TiB in base pages)",
  // Cold memory is spared.
  memory_suffices_again: "MemAvailable is not below sysmem_threshold any more",
  swap_gone: "there is no swap space now",
  swap_nearly_full: "swap space is nearly full",
  zram_nearly_full: "{} is nearly full: mem_limit",
  frees_nothing: "less than a tenth of what moves is freed: the data cannot be compressed",
  swap_not_writable: "swap space cannot be written",
  stall_limit_exceeded: "stall_limit exceeded: waits until the process reads less of it back",
  too_young: "too young for stall_limit",
  dram_percent_reached: "dram_percent reached",
  used_since_scan: "used since the last scan",
  shared_with_others: "shared with other processes",
  shared_unseen: "shared: page_idle cannot tell whether it is used",
  no_first_thread: "its first thread has ended: process_madvise cannot reach its memory",
  gone_before_turn: "gone before its turn",
  process_gone: "process gone",
  stopped: "stopped",
  counted_already: "shared, and counted already",
  kept_earlier: "kept by the kernel in an earlier round",
  policy_forbids_node: "its memory policy does not name node {}",
  cpuset_forbids_node: "its cpuset does not allow node {}",
  // The kernel did not move memory that it was asked for.
  not_written: "could not be written to swap",
  in_page_cache: "still in the page cache",
  locked: "locked, hugetlb or device memory",
  shared: "shared",
  kept: "kept by the kernel",
  kernel_stopped: "the kernel stopped there",
  unmapped: "unmapped meanwhile",
  not_mapped: "not mapped any more",
  fate_unknown: "not known whether it moved: {}",
  already_there: "there already",
  no_memory_on_node: "there is no memory on node {}",
  no_free_memory_on_node: "no free memory on node {}",
  node_full: "no memory on the node",
  busy: "busy or pinned",
  not_tried: "not tried, for others were busy or pinned",
  dirty: "dirty and not writable",
  not_there: "not there any more",
  // Memory is not looked at.
  shared_mapping: "shared mapping: only private memory is moved",
  program_files: "program code and files",
  sparse: "sparse mapping: this kernel cannot say where its pages are",
  not_marked: "not marked with MADV_SWAPFLAG, as swap_flag=yes demands",
  // A pair of nodes: hot memory stays, or node_hot_reserve is short.
  quota_used: "node_mig_quota used up",
  nothing_to_exchange: "no cold memory of these tasks on DRAM to exchange",
  no_exchange_page: "no free page on either node to exchange through",
  no_cold_on_dram: "no cold memory of these tasks on DRAM",
  slow_node_full: "the slow node is full",
  // Work or a project waits.
  kernel_holds_threads: "the kernel holds {}: work waits until it lets one go",
  start_refused: "Cannot start {}: {}",
  no_swap_space: "task {}: there is no swap space: make some with mkswap and swapon first",
  no_part_fits: "no {} can be used: {}",
  pinned_part_does_not_fit: "no {} can be used ({}={} in [project]): {}",
  no_node_pair:
    "{}; cslide moves memory between DRAM and a slow node, so AEP or CXL memory has to be online as a NUMA node of its own first (for example by daxctl reconfigure-device --mode=system-ram)",
  could_not_start: "without a dry run it could not start: {}",
  swap_cache_marks_useless: "swapcache_high_wmark and swapcache_low_wmark have no effect: {}",
  // A tracker or a mover is missing.
  lacks_capability_in_namespace:
    "this process lacks {} (it runs in a user namespace, where root has less)",
  lacks_capability: "this process lacks {}",
  no_idle_pages: "this kernel has no /proc/PID/idle_pages",
  no_swap_pages: "this kernel has no /proc/PID/swap_pages",
  etmem_scan_not_loaded: "the module etmem_scan is not loaded: modprobe etmem_scan",
  etmem_swap_not_loaded: "the module etmem_swap is not loaded: modprobe etmem_swap",
  file_needs_sys_admin: "/proc/PID/{} needs CAP_SYS_ADMIN",
  no_vma_scan_flags: "this kernel's idle_pages has no VMA_SCAN_ADD_FLAGS",
  no_process_madvise: "this kernel has no process_madvise (Linux 5.10)",
  no_idle_bitmap: "this kernel has no {} (CONFIG_IDLE_PAGE_TRACKING)",
  no_swapflag: "{} knows nothing of MADV_SWAPFLAG",
  no_btf: "this kernel has no {} (CONFIG_DEBUG_INFO_BTF)",
  btf_unreadable: "cannot read {}: {}",
  btf_lacks: "the BTF of this kernel has no {}",
  no_bpf: "this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)",
  bpf_denied: "{}: by a system call filter, or in a user namespace",
  bpf_refused: "the kernel refuses the BPF program: {}",
  no_task_iterator: "this kernel has no bpf_iter_task",
  lockdown: "lockdown=confidentiality keeps BPF programs from reading memory of the kernel",
  page_tables_unknown: "unknown page-table layout ({})",
  page_tables_not_found: "the BPF program does not find the address space of this process",
  no_direct_map: "the kernel's map of all memory was not found",
  prot_none_unknown: "unknown entries of PROT_NONE pages",
  page_tables_misread: "page tables of our own are misread: {}",
  // Anything else: what a call to the kernel, a file below /proc or a third-party engine says.
  failed: "{}",
} as const;

/** The name of a reason. */
export type ReasonName = keyof typeof TABLE;

/** The text of a reason as status shows it; only because() makes one. */
export type Reason = string & { readonly [MADE_BY_BECAUSE]: true };
declare const MADE_BY_BECAUSE: unique symbol;

/** A text for each `{}`. */
type Details<Text> = Text extends `${string}{}${infer Rest}` ? [string, ...Details<Rest>] : [];

/** All reasons: the name, and the text with `{}` for details. */
export const REASONS: readonly (readonly [name: ReasonName, text: string])[] = Object
  .entries(TABLE) as [ReasonName, string][];

/** The text of a reason. @param details what stands for each `{}`, in their order. */
export function because<Name extends ReasonName>(
  name: Name,
  ...details: Details<typeof TABLE[Name]>
): Reason {
  const [first = "", ...rest] = TABLE[name].split("{}");
  return rest.reduce((text, part, i) => text + details[i]! + part, first) as Reason;
}
