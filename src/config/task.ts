import { excerpt } from "../text/excerpt.ts";
import type { Keys, KeySpec } from "./key_table.ts";
import type { KeyedObject } from "./keyed_object.ts";
import { anyInteger, integer } from "./number_forms.ts";
import type { ProjectDescription } from "./project.ts";
import { byteLength, objectName, oneOf, readString, taskName, yesNo } from "./text_forms.ts";
import { BadValue, type ValueForm } from "./value_form.ts";

/** Which processes a task is about; with a pid or a name, their descendants count too. */
export type TaskTarget =
  | { readonly type: "pid"; readonly pid: number }
  /** `comm` may be longer than /proc/PID/comm by a part of its last character. */
  | { readonly type: "name"; readonly comm: string }
  /** Control groups and all below them: a path from the root, each part of which may be a glob. */
  | { readonly type: "cgroup"; readonly path: string };

/** What the description of a task says of any engine. */
export interface TaskCommon {
  readonly project: string;
  readonly engine: string;
  readonly name: string;
  readonly target: TaskTarget;
}

/** What a task is compiled with beside its own values. */
export interface TaskContext {
  readonly task: KeyedObject;
  /** CPU cores of the machine. */
  readonly cores: number;
  /** Its project, of the file or the server; undefined: there is none of that name. */
  readonly project: () => ProjectDescription | undefined;
  /** The key file text that a third-party engine is handed for it. */
  readonly keyFileText: () => string;
  /** Whether its engine is in the same file. */
  readonly hasEngine: () => boolean;
}

/** PID_MAX_LIMIT of include/linux/threads.h on 64 bit: every pid is smaller. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;

/** `value` with type=pid. */
const pid: ValueForm<number> = integer(1, PID_MAX_LIMIT - 1);

/** Bytes of /proc/PID/comm at most: TASK_COMM_LEN of 16 with its NUL. */
const COMM_MAX = 15;

/**
 * `value` with type=name: a text that /proc/PID/comm can hold. Of a longer name the kernel keeps
 * the first bytes, which may end with a part of a character.
 */
const comm: ValueForm<string> = {
  allowed: `1 to ${COMM_MAX} bytes, as in /proc/PID/comm`,
  read: (raw) => {
    // A name that holds this is written with \s.
    if (/[ \t](?:#|\/\/ )/.test(raw)) throw new BadValue("a comment behind it");
    const name = readString(raw);
    const bytes = byteLength(name);
    const bytesBeforeLast = bytes - byteLength(Array.from(name).at(-1) ?? "");
    if (bytes > COMM_MAX && bytesBeforeLast >= COMM_MAX) throw new BadValue(`${bytes} bytes long`);
    return name;
  },
};

/** PATH_MAX of linux/limits.h without its NUL. */
const PATH_MAX = 4095;

/**
 * The path of control groups, each part of which may be a glob (glob(7)).
 * @param longest of its bytes.
 */
export function cgroupPath(longest: number): ValueForm<string> {
  return {
    allowed: `a path or glob below the cgroup root, 1 to ${longest} bytes, without ..`,
    read: (raw) => {
      const path = readString(raw);
      const bytes = byteLength(path);
      if (bytes > longest) throw new BadValue(`${bytes} bytes long`);
      if (/\p{Cc}/u.test(path)) throw new BadValue("a control character in it");
      if (/^\/*sys\/fs\/cgroup(?:\/|$)/.test(path)) throw new BadValue("not below the cgroup root");
      const parts = path.split("/").filter((part) => part !== "");
      if (parts.length === 0) throw new BadValue("names no group");
      const wrong = parts.find((part) => part === ".." || part === "." || isOpenSet(part));
      if (wrong === undefined) return parts.join("/");
      throw new BadValue(
        isOpenSet(wrong) ? `a [ without ] in "${excerpt(wrong)}"` : `${wrong} in it`,
      );
    },
  };
}

/** Whether a set in brackets begins and does not end; a ] right behind its [ is one of the set. */
function isOpenSet(part: string): boolean {
  return part.replaceAll(/\[[!^]?.[^\]]*\]/gsu, "").includes("[");
}

/** `value` with type=cgroup. */
const cgroup: ValueForm<string> = cgroupPath(PATH_MAX);

/** `value` while its type is not known; compileTarget reads it again. */
const target: ValueForm<string> = {
  allowed:
    `for type=pid ${pid.allowed}, for type=name ${comm.allowed}, for type=cgroup ${cgroup.allowed}`,
  read: (raw) => raw,
};

/** What a task may be about. */
export type TargetType = TaskTarget["type"];

/** The keys of every [task] but `engine`, which depends on the engines that there are. */
export const taskKeys = {
  name: { form: taskName, mandatory: true, meaning: "name of the task", example: "database" },
  project: {
    form: objectName,
    mandatory: true,
    meaning: "project that the task belongs to",
    example: "web",
  },
  type: {
    form: oneOf(["pid", "name", "cgroup"]),
    mandatory: true,
    meaning: "whether value is a process ID, a process name or a control group",
    example: "name",
  },
  value: {
    form: target,
    mandatory: true,
    meaning: "ID, name or control group of the target processes",
    example: "mysqld",
  },
} satisfies Keys;

/** `max_threads`, for engines whose tasks have it. */
export const maxThreads = {
  form: anyInteger("1 to 2 * cores + 1"),
  mandatory: false,
  default: "1",
  meaning: "processes of the task that are worked on at the same time",
  example: "1",
} satisfies KeySpec<number>;

/** `swap_flag`, for engines whose tasks have it. */
export const swapFlag = {
  form: yesNo,
  mandatory: false,
  default: "no",
  meaning: "swap only memory that its process marked with madvise(MADV_SWAPFLAG)",
  example: "yes",
} satisfies KeySpec<boolean>;

/** Reads `value` as its `type` says. @returns undefined when it was refused. */
export function compileTarget(task: KeyedObject, type: TargetType): TaskTarget | undefined {
  const entry = task.entry("value");
  if (entry === undefined) return undefined;
  if (type === "pid") {
    const read = task.read(entry, pid);
    return read && { type, pid: read.value };
  }
  if (type === "cgroup") {
    const read = task.read(entry, cgroup);
    return read && { type, path: read.value };
  }
  const read = task.read(entry, comm);
  return read && { type, comm: read.value };
}

/** The control groups that a key of an engine names, which makes `type` and `value` useless. */
export function groupTarget(task: KeyedObject, key: string, path: string): TaskTarget {
  for (const useless of ["type", "value"]) {
    task.warn(useless, `not used, ${key} says what the task is about`);
  }
  return { type: "cgroup", path };
}

/** `max_threads` outside of its range is taken as the nearest number within. */
export function clampThreads(threads: number, { task, cores }: TaskContext): number {
  const most = 2 * cores + 1;
  const clamped = Math.min(Math.max(threads, 1), most);
  if (clamped !== threads) {
    task.warn("max_threads", `taken as ${clamped}, allowed is 1 to ${most} (2 * cores + 1)`);
  }
  return clamped;
}
