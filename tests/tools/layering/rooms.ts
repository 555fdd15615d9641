/**
 * Which room may import which: a room is main.ts, ffi/ or a folder of src/. An entry is a room or
 * one file. Imports inside a room are free.
 */
export interface Room {
  /** What lies in it: a line of the tables that `npm run docs` makes. */
  readonly about: string;
  /** May be imported. */
  readonly imports: readonly string[];
  /** May be imported by `import type` only. */
  readonly types?: readonly string[];
  /**
   * No input or output: no module of the runtime but those of `PURE_MODULES`,
   * no global that does I/O.
   */
  readonly pure?: true;
  /** npm packages that it takes into the executable; packaging/sources/main.ts names them too. */
  readonly packages?: readonly string[];
}

/** The tables of trackers and movers, which are wanted for their names. */
const NAMED = ["src/tracker/trackers.ts", "src/mover/movers.ts"];
/** Standard output, which both programs print their help to. */
const OUTPUT = "src/cli/output.ts";
/** What a status, a histogram and advice say of a task. */
const TASK_DOCUMENTS = [
  "src/status/task_status.ts",
  "src/status/histogram.ts",
  "src/status/advice.ts",
];
const PAGE_TABLE_TRY = "src/page_table/why_no_page_tables.ts";
const MESSAGES = "src/engine_process/messages.ts";

/** The rooms, those that import most first. */
export const ROOMS: Readonly<Record<string, Room>> = {
  main: {
    about: "the role by the name that the program is called by; the only `process.exit`",
    imports: ["cli", "daemon", "engine_process"],
  },
  cli: {
    about: "the client: its commands as a table, one exchange with the server, tables for people",
    imports: ["rpc", "options", "status", "metrics", "top", "doctor", "text"],
  },
  doctor: {
    about: "`etmem doctor`: a table of checks, and what each reason of status means",
    imports: [
      "reason",
      "config",
      "procfs",
      "text",
      "options",
      "ffi",
      "src/daemon/server_options.ts",
      "src/daemon/pid_file.ts",
      "src/daemon/conf_dir/conf_listing.ts",
      "src/daemon/read_config_file.ts",
      "src/engine/availability.ts",
      "src/engine/round/why_none.ts",
      "src/engine/round/swap_limit.ts",
      "src/engine/round/swap_space.ts",
      "src/engine/slide/held_back.ts",
      ...NAMED,
    ],
    types: ["status"],
  },
  daemon: {
    about: "the server: control socket, requests, signals, pid file, files of `--conf-dir`",
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
      OUTPUT,
      ...NAMED,
    ],
    types: ["status"],
  },
  project: {
    about: "projects, engines and tasks; one change at a time, made as a whole or not at all",
    imports: ["rpc", "log", "async", "text", "src/engine/engine.ts"],
    types: ["config", ...TASK_DOCUMENTS],
  },
  engine: {
    about:
      "what an engine is, and their table; `slide/`, `cslide/`, `plugin/` (third-party), `round/` for all",
    imports: [
      "reason",
      "guard",
      "tracker",
      "mover",
      "worker",
      "procfs",
      "status",
      "log",
      "async",
      "text",
      "ffi",
      PAGE_TABLE_TRY,
      MESSAGES,
    ],
    types: ["config"],
  },
  engine_process: {
    about: "the child process in which one third-party engine runs",
    imports: ["procfs", "text", "ffi"],
  },
  worker: {
    about: "threads that carry out jobs; they know no engine",
    imports: ["reason", "async", "text", "ffi"],
  },
  tracker: {
    about: "how accesses are seen: one file a tracker, named after what it reads, and their table",
    imports: ["reason", "page_table", "procfs", "text", "ffi"],
  },
  mover: {
    about: "how pages leave DRAM: one file a mover, named after what it calls, and their table",
    imports: ["reason", "procfs", "text", "ffi"],
  },
  guard: {
    about: "how long pages have to be idle, so that a process hardly waits for what comes back",
    imports: ["tracker", "procfs", "reason", "ffi"],
  },
  page_table: {
    about: "page tables of processes, read through BPF: BTF, assembler, programs, layouts",
    imports: ["reason", "procfs", "ffi"],
  },
  procfs: {
    about: "readers of /proc and /sys; a process that is gone is a value, not an exception",
    imports: ["reason", "ffi"],
  },
  log: {
    about:
      "one line a call, to the system log and to a terminal; it never waits for the system log",
    imports: ["ffi"],
  },
  top: {
    about: "the live screen of tasks: rows, views, keys, and the terminal that it is drawn on",
    imports: ["status", "text", OUTPUT],
  },
  metrics: {
    about: "the status document as metrics for Prometheus, and the HTTP server that gives them",
    imports: ["status", "reason", "text"],
    packages: ["prom-client"],
  },
  status: {
    about: "the status document: its types, and the table of the figures of a round",
    imports: ["text"],
    types: ["reason"],
    pure: true,
  },
  rpc: {
    about: "protocol v1 and v2: requests and answers to bytes and back",
    imports: [],
    pure: true,
  },
  config: {
    about:
      "configuration files: from text to typed descriptions, with everything checked in one step",
    imports: ["text"],
    types: NAMED,
    pure: true,
  },
  options: {
    about: "command lines by typed tables, for client and server; the version",
    imports: ["text", "package.json"],
    pure: true,
  },
  reason: {
    about: "why memory stays and why a part is missing: all reasons that status gives, by name",
    imports: [],
    pure: true,
  },
  text: {
    about: "texts that several rooms write: the nearest word, quantities, what a caught value says",
    imports: [],
    pure: true,
  },
  async: {
    about: "waiting: locks, a semaphore, pauses, the end of a wait",
    imports: [],
    pure: true,
  },
  ffi: {
    about: "bindings to libc and GLib, each with its C prototype; it alone imports `bun:ffi`",
    imports: [],
  },
};

/** The other folders of the tree, each by its path with what lies in it. */
export const FOLDERS: Readonly<Record<string, string>> = {
  scan_lib: "libetmemd_scan, the library in C by which third-party engines scan memory",
  conf: "sample configuration files",
  packaging: "rpm, service, manual pages, shell completions, the generated parts of documents",
  docs: "documents, manual pages, an example of a third-party engine",
  demo: "`npm run demo`",
  bench: "`npm run bench`",
  scripts: "what people and the gate run: test, check, demo, rpm",
  "tests/unit": "tests of one room each, in a folder of its name",
  "tests/system": "tests of whole programs: server, client, packages, attacks, an hour under load",
  "tests/vm": "scenarios in a VM whose kernel has the etmem interface",
  "tests/tools": "layering, fuzzing, coverage, and what several tests share",
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
