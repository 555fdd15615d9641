/**
 * Which room may import which: a room is main.ts, ffi/ or a folder of src/. An entry is a room or one
 * file of a room. Imports inside a room are free.
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
const NEAREST_WORD = "src/config/nearest_word.ts";
const STATUS = "src/engine/status.ts";
const MESSAGES = "src/host/messages.ts";
const HOST_NAME = "src/host/host_name.ts";

export const ROOMS: Readonly<Record<string, Room>> = {
  main: { imports: ["cli", "daemon", "worker", "host"] },
  cli: { imports: ["rpc", "options"], types: [STATUS] },
  daemon: {
    imports: [
      "rpc",
      "config",
      "project",
      "worker",
      "log",
      "procfs",
      "engine",
      "options",
      "ffi",
    ],
  },
  project: { imports: ["rpc", "config", "log", "src/engine/engine.ts", STATUS] },
  engine: {
    imports: ["scan", "migrate", "worker", "procfs", "config", "log", "ffi", MESSAGES, HOST_NAME],
  },
  host: { imports: ["procfs", "ffi"] },
  worker: { imports: ["scan", "migrate", "procfs", "log", "ffi"], types: [DESCRIPTION] },
  scan: { imports: ["procfs", "ffi"], types: [DESCRIPTION] },
  migrate: { imports: ["procfs", "ffi"], types: [DESCRIPTION] },
  procfs: { imports: ["ffi"] },
  log: { imports: ["ffi"] },
  rpc: { imports: [], types: [DESCRIPTION, STATUS], pure: true },
  config: { imports: [], pure: true },
  options: { imports: [NEAREST_WORD], pure: true },
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
