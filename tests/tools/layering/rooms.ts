/**
 * Which room may import which: a room is main.ts, ffi/ or a folder of src/. An entry is a room or one
 * file. Imports inside a room are free.
 */
export interface Room {
  /** May be imported. */
  readonly imports: readonly string[];
  /** May be imported by `import type` only. */
  readonly types?: readonly string[];
  /** No input or output: no module of the runtime but those of `PURE_MODULES`, no global that does I/O. */
  readonly pure?: true;
}

const DESCRIPTION = "src/config/description.ts";
const TASK_STATUS = "src/status/task_status.ts";
const MESSAGES = "src/engine_process/messages.ts";
const HOST_NAME = "src/engine_process/host_name.ts";

export const ROOMS: Readonly<Record<string, Room>> = {
  main: { imports: ["cli", "daemon", "engine_process"] },
  cli: { imports: ["rpc", "options", "text"], types: ["status"] },
  daemon: {
    imports: [
      "rpc",
      "config",
      "project",
      "log",
      "procfs",
      "engine",
      "options",
      "ffi",
      "async",
      "text",
    ],
    types: ["status"],
  },
  project: {
    imports: ["rpc", "config", "log", "async", "text", "src/engine/engine.ts"],
    types: [TASK_STATUS],
  },
  engine: {
    imports: [
      "tracker",
      "mover",
      "worker",
      "procfs",
      "config",
      "log",
      "async",
      "text",
      "ffi",
      MESSAGES,
      HOST_NAME,
    ],
    types: ["status"],
  },
  engine_process: { imports: ["procfs", "text", "ffi"] },
  worker: { imports: ["async", "text", "ffi"] },
  tracker: { imports: ["procfs", "text", "ffi"], types: [DESCRIPTION] },
  mover: { imports: ["procfs", "text", "ffi"], types: [DESCRIPTION] },
  procfs: { imports: ["ffi"] },
  log: { imports: ["ffi"] },
  status: { imports: [], types: [DESCRIPTION], pure: true },
  rpc: { imports: [], types: ["status"], pure: true },
  config: { imports: ["text"], pure: true },
  options: { imports: ["text", "package.json"], pure: true },
  text: { imports: [], pure: true },
  async: { imports: [], pure: true },
  ffi: { imports: [] },
};

/** Modules of the runtime that compute and do nothing else. */
export const PURE_MODULES: readonly string[] = ["node:path", "node:util", "node:buffer"];

/** Modules that only the named room may import. */
export const RESERVED_MODULES: Readonly<Record<string, string>> = { "bun:ffi": "ffi" };

/** Names that say nothing of what is inside. */
export const DRAWERS: readonly string[] = [
  "util",
  "utils",
  "helper",
  "helpers",
  "common",
  "misc",
  "shared",
  "stuff",
];
