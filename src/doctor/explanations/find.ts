import { type Explanations, NOTHING_TO_DO } from "../explanation.ts";

const RESTART_PROJECT = [
  "etmem project stop -n {project} -s {socket}",
  "etmem project start -n {project} -s {socket}",
];

/** A task finds no process. */
export const FIND_EXPLANATIONS = {
  no_such_process: {
    meaning: "No process has the pid that `value` of the task names.",
    remedy: "Start the process, or name it with type=name: a pid changes with each start.",
    commands: ["ps -eo pid,comm,rss --sort=-rss | head"],
    hinders: "always",
  },
  process_ended: {
    meaning: "The process that the task is about has ended. A task with type=pid never takes " +
      "another one.",
    remedy: "Use type=name. Or put the new pid into the file, and add it anew.",
    commands: ["etmem project stop -n {project} -s {socket}"],
    hinders: "always",
  },
  pid_reused: {
    meaning: "The process that the task is about has ended, and another process has its pid. " +
      "It is not touched.",
    remedy: "Use type=name. If that process is meant, stop and start the project.",
    commands: RESTART_PROJECT,
    hinders: "always",
  },
  no_such_name: {
    meaning: "No process has this name now. A name is that of /proc/PID/comm: at most 15 bytes, " +
      "as the program or its first thread has set it; it is often not that of the file.",
    remedy: "Put the name that the process really has into `value` of the task.",
    commands: ["ps -eo pid,comm,rss --sort=-rss | head -20"],
    hinders: "always",
  },
  no_such_cgroup: {
    meaning: "No control group has such a path now. A path begins below the root of the " +
      "hierarchy; a * does not match a slash.",
    remedy: "Put the path into `value` of the task that /proc/PID/cgroup shows of a process.",
    commands: ["systemd-cgls --no-pager", "cat /proc/PID/cgroup"],
    hinders: "always",
  },
  cgroup_is_empty: {
    meaning: "Control groups match, and no process is in them or below them now.",
    remedy: "Start the processes there, or put the path into `value` of the task that " +
      "/proc/PID/cgroup shows of a process.",
    commands: ["systemd-cgls --no-pager"],
    hinders: "always",
  },
  no_cgroups: {
    meaning: "The server sees no control groups.",
    remedy: "Mount them at /sys/fs/cgroup, or use type=name.",
    commands: ["findmnt -t cgroup,cgroup2"],
    hinders: "always",
  },
  in_other_pid_namespace: {
    meaning:
      "The server runs in a pid namespace of its own, as in a container. Processes outside " +
      "of it have no pid there.",
    remedy: "Run etmemd on the host, or in a container that has the host's pid namespace.",
    hinders: "always",
  },
  kernel_thread: {
    meaning: "The name or pid belongs to a thread of the kernel, which has no memory of its own.",
    remedy: "Name a process in `value` of the task.",
    commands: ["ps -eo pid,comm,rss --sort=-rss | head -20"],
    hinders: "always",
  },
  server_process: {
    meaning: "The name or pid belongs to an etmemd server, or the server is in the control group " +
      "of `cg_dir`. Who frees memory must not wait for it.",
    remedy: "Name another process in `value` of the task, or groups in `cg_dir` that the server " +
      "is not in, such as `system.slice/*.service`.",
    commands: ["ps -eo pid,comm,rss --sort=-rss | head -20"],
    hinders: "always",
  },
  shares_space: {
    meaning: "The process has its memory together with one that is worked on already.",
    remedy: NOTHING_TO_DO,
    hinders: "never",
  },
} as const satisfies Explanations;
