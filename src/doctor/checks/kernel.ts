import { errorCode } from "../../../ffi/errno.ts";
import { AT_FDCWD } from "../../../ffi/libc.ts";
import { readText } from "../../procfs/read_file.ts";
import { kindOfArea, readSwaps } from "../../procfs/swaps.ts";
import type { Finding, Report } from "../finding.ts";
import type { Patient } from "../patient.ts";

/** Settings of the kernel that matter to etmem; none of them alone keeps it from its work. */
export function checkKernel(patient: Patient, report: Report): void {
  for (const look of [hugePages, pressure, controlGroups, overcommit, readAhead, swappiness]) {
    const note = look(patient);
    if (note !== undefined) report.add({ weight: "note", ...note });
  }
}

type Note = Omit<Finding, "weight">;

function hugePages({ sys }: Patient): Note | undefined {
  const file = `${sys}/kernel/mm/transparent_hugepage/enabled`;
  if (readText(AT_FDCWD, file)?.includes("[always]") !== true) return undefined;
  return {
    about: "transparent huge pages",
    found: "the kernel uses them for all programs",
    meaning: "One access to a huge page makes all of its 2 MiB hot, so less is cold.",
    remedy: "Let only programs have them that ask for them, and start the targets anew.",
    commands: [`echo madvise > ${file}`],
  };
}

function pressure({ proc }: Patient): Note | undefined {
  const file = `${proc}/pressure/memory`;
  try {
    if (readText(AT_FDCWD, file) !== undefined) return undefined;
  } catch (error) {
    // What a kernel with psi=0 says.
    if (errorCode(error) !== "EOPNOTSUPP") throw error;
  }
  return {
    about: "pressure stall information",
    found: "it is off",
    meaning: "The kernel does not say how long programs wait for memory. The guard of slide " +
      "measures how long a process waits for what was moved; other pressure it does not see.",
    remedy: "Boot with psi=1, on a kernel with CONFIG_PSI.",
    commands: ["grubby --update-kernel=ALL --args=psi=1", "reboot"],
  };
}

function controlGroups({ sys }: Patient): Note | undefined {
  const root = `${sys}/fs/cgroup`;
  const has = (file: string): boolean => readText(AT_FDCWD, `${root}/${file}`) !== undefined;
  if (has("cgroup.controllers") || has("unified/cgroup.procs")) return undefined;
  return {
    about: "control groups",
    found: "there are none of version 2",
    meaning: "What a group may swap (memory.swap.max) is neither limited nor seen.",
    remedy: "Nothing needs to be done, unless you want such limits: then boot with them.",
    commands: ["grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1", "reboot"],
  };
}

function overcommit({ proc }: Patient): Note | undefined {
  if (readText(AT_FDCWD, `${proc}/sys/vm/overcommit_memory`)?.trim() !== "2") return undefined;
  return {
    about: "sysctl vm.overcommit_memory",
    found: "it is 2: the kernel promises no more memory than there is",
    meaning: "The runtime of etmemd reserves some 350 MB and a client 240 MB, which count. Where " +
      "less is left, they do not start, or end in the middle of the work.",
    remedy: "Leave room below CommitLimit: more swap space raises it.",
    commands: ["grep -E 'CommitLimit|Committed_AS' /proc/meminfo"],
  };
}

function readAhead({ proc, sys }: Patient): Note | undefined {
  const cluster = Number(readText(AT_FDCWD, `${proc}/sys/vm/page-cluster`)?.trim() ?? "0");
  const [first] = readSwaps(proc);
  if (cluster === 0 || first === undefined || kindOfArea(first, sys) !== "zram") return undefined;
  return {
    about: "sysctl vm.page-cluster",
    found: `it is ${cluster}: with a page that comes back the kernel may read ${2 ** cluster}`,
    meaning: "With swap in compressed memory, reading ahead saves no time and brings back pages " +
      "that nobody uses.",
    remedy: "Switch reading ahead off.",
    commands: ["sysctl vm.page-cluster=0"],
  };
}

function swappiness({ proc }: Patient): Note | undefined {
  if (readText(AT_FDCWD, `${proc}/sys/vm/swappiness`)?.trim() !== "0") return undefined;
  return {
    about: "sysctl vm.swappiness",
    found: "it is 0: the kernel hardly swaps by itself",
    meaning: "What etmemd asks for moves all the same. Only the kernel's own reclaim, as when " +
      "memory runs out, takes files instead.",
    remedy: "Nothing needs to be done, unless the kernel is to swap, too.",
    commands: ["sysctl vm.swappiness=60"],
  };
}
