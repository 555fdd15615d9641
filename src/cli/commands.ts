import type { ValueKind, ValueOption } from "../options/option.ts";
import { UsageError } from "../options/usage_error.ts";
import { hasBytes, integerKind, pathKind, SOCKET_NAME } from "../options/value_kinds.ts";
import { absolutePath } from "../options/absolute_path.ts";
import { LISTEN_ADDRESS, type ListenAddress } from "./listen_address.ts";
import { MOST_RATE_MIB } from "../rpc/request_v2.ts";
import { type Command, defineCommand, type Presented } from "./command.ts";

/** Blanks of isspace(3): no name holds any. */
const BLANK = /[ \t\n\v\f\r]/;
const MAX_NAME_BYTES = 64;
const MAX_TASK_NAME_BYTES = 71;

/** The name of a project, engine or task. */
function nameKind(placeholder: string, maxBytes = MAX_NAME_BYTES): ValueKind<string> {
  return {
    placeholder,
    allowed: `a name of 1 to ${maxBytes} bytes without blanks, other than "-"`,
    parse: (text) =>
      hasBytes(text, maxBytes) && text !== "-" && !BLANK.test(text) ? text : undefined,
  };
}

const ENGINE_COMMAND: ValueKind<string> = {
  placeholder: "CMD",
  allowed: "a command of 1 to 1024 bytes",
  parse: (text) => hasBytes(text, 1024) ? text : undefined,
};

const SOCKET = {
  long: "socket",
  short: "s",
  value: SOCKET_NAME,
  required: true,
  about: "the name that etmemd was started with",
} as const satisfies ValueOption<string>;

const FILE = {
  long: "file",
  short: "f",
  value: pathKind("FILE"),
  required: true,
  about: "configuration file",
} as const satisfies ValueOption<string>;

const PROJECT = {
  long: "name",
  short: "n",
  value: nameKind("PROJECT"),
  about: "name of the project",
} as const satisfies ValueOption<string>;

const NEEDED_PROJECT = { ...PROJECT, required: true } as const;

const RESTART_SAFE = {
  long: "restart-safe",
  about: "print nothing, exit with 0 if all started projects are persistent, else with 1",
} as const;

const DRY_RUN = {
  long: "dry-run",
  about: "scan and account as if memory were moved, and move nothing",
} as const;

const OPEN_METRICS = {
  long: "openmetrics",
  about: "print them as OpenMetrics, not in Prometheus' text format",
} as const;

const DEFAULT_LISTEN = { address: "127.0.0.1", port: 9819, text: "127.0.0.1:9819" };
const LISTEN = {
  long: "listen",
  short: "l",
  value: LISTEN_ADDRESS,
  about: `where to listen, ${DEFAULT_LISTEN.text} if left out`,
} as const satisfies ValueOption<ListenAddress>;

const DEFAULT_DELAY_SECONDS = 1;
const DELAY = {
  long: "delay",
  short: "d",
  value: integerKind("SECONDS", 1, 3600),
  about: `between two looks at the server, ${DEFAULT_DELAY_SECONDS} if left out`,
} as const satisfies ValueOption<number>;

const LINES = {
  long: "lines",
  about: "print lines instead of a screen, as where there is no terminal",
} as const;

const TASK = {
  long: "task",
  short: "t",
  value: nameKind("TASK", MAX_TASK_NAME_BYTES),
  about: "only this task of the project",
} as const satisfies ValueOption<string>;

const RATE = {
  long: "rate",
  value: integerKind("MIB", 1, MOST_RATE_MIB),
  about: "MiB a second at most; as fast as it goes if left out",
} as const satisfies ValueOption<number>;

const KEEP_FREE = {
  long: "keep-free",
  value: integerKind("PERCENT", 1, 99),
  about: "only while MemAvailable stays above so much of MemTotal; 10 if left out",
} as const satisfies ValueOption<number>;

/** Of each task the table has the newest round that has ended, and one that is running. */
const ROUNDS_IN_TABLE = { rounds: 2, endedRounds: 1 } as const;

const JSON_FLAG = { long: "json", about: "print one JSON document" } as const;

// Code that shows documents is loaded when there is one: most commands have none.

async function showStatus(document: string): Promise<Presented> {
  const { formatStatus } = await import("./format_status.ts");
  return { ok: true, text: document === "" ? "" : formatStatus(document) };
}

async function judgeRestart(document: string): Promise<Presented> {
  const { restartLoss } = await import("./restart_loss.ts");
  const message = restartLoss(document);
  return message === undefined ? { ok: true, text: "" } : { ok: false, message };
}

async function showHistogram(document: string): Promise<Presented> {
  const { formatHistogram } = await import("./format_histogram.ts");
  const { terminalStyle } = await import("./terminal_style.ts");
  return { ok: true, text: formatHistogram(document, terminalStyle()) };
}

async function showAdvice(document: string): Promise<Presented> {
  const { formatAdvice } = await import("./format_advice.ts");
  return { ok: true, text: formatAdvice(document) };
}

const ESTIMATE_COMPRESSION = {
  long: "estimate-compression",
  about: "read some cold pages, and estimate how far they can be compressed",
} as const;

const STALL = {
  long: "stall",
  value: {
    placeholder: "PERCENT",
    allowed: "0.01 to 100 with at most two decimals",
    parse: (text) => {
      const value = /^[0-9]{1,3}(?:[.][0-9]{1,2})?$/.test(text) ? Number(text) : NaN;
      return value >= 0.01 && value <= 100 ? value : undefined;
    },
  },
  about: "the most that a process shall wait, in percent of its time; that of each task without it",
} as const satisfies ValueOption<number>;

/** What the words before a command's last one stand for. */
export const GROUPS: Readonly<Record<string, string>> = {
  obj: "add or delete projects, engines and tasks",
  project: "start, stop and show projects, bring their memory back",
};

/** All commands of the client. Parser, help texts, completions and manual pages read this table. */
export const COMMANDS: readonly Command[] = [
  defineCommand({
    words: ["obj", "add"],
    about: "add what a configuration file describes",
    options: { file: FILE, socket: SOCKET },
    toCall: ({ file, socket }) => ({
      socket,
      request: { command: "obj_add", file: absolutePath(file, process.cwd()) },
      json: false,
    }),
  }),
  defineCommand({
    words: ["obj", "del"],
    about: "delete what a configuration file names, stopping it first",
    options: { file: FILE, socket: SOCKET },
    toCall: ({ file, socket }) => ({
      socket,
      request: { command: "obj_del", file: absolutePath(file, process.cwd()) },
      json: false,
    }),
  }),
  defineCommand({
    words: ["project", "start"],
    about: "start all tasks of a project",
    options: { project: NEEDED_PROJECT, dryRun: DRY_RUN, socket: SOCKET },
    toCall: ({ project, dryRun, socket }) => ({
      socket,
      request: { command: "project_start", project, ...(dryRun ? { dryRun: true } : {}) },
      json: false,
    }),
  }),
  defineCommand({
    words: ["project", "stop"],
    about: "stop all tasks of a project",
    options: { project: NEEDED_PROJECT, socket: SOCKET },
    toCall: ({ project, socket }) => ({
      socket,
      request: { command: "project_stop", project },
      json: false,
    }),
  }),
  defineCommand({
    words: ["project", "restore"],
    about: "bring back from swap what a stopped project has moved",
    options: {
      project: NEEDED_PROJECT,
      task: TASK,
      rate: RATE,
      keepFree: KEEP_FREE,
      socket: SOCKET,
    },
    toCall: ({ project, task, rate, keepFree, socket }) => ({
      socket,
      request: {
        command: "project_restore",
        project,
        ...(task === undefined ? {} : { task }),
        ...(rate === undefined ? {} : { rateMib: rate }),
        ...(keepFree === undefined ? {} : { keepFreePercent: keepFree }),
      },
      json: false,
    }),
  }),
  defineCommand({
    words: ["project", "show"],
    about: "list the tasks of one project, or of all",
    options: { project: PROJECT, socket: SOCKET },
    toCall: ({ project, socket }) => ({
      socket,
      request: {
        command: "project_show",
        ...(project === undefined ? {} : { project }),
      },
      json: false,
    }),
  }),
  defineCommand({
    words: ["engine"],
    about: "run a private command of an engine",
    operand: {
      value: ENGINE_COMMAND,
      about: "what the engine knows; cslide: showtaskpages, showhostpages",
    },
    options: {
      project: {
        ...NEEDED_PROJECT,
        long: "proj_name",
        about: "project that the engine belongs to",
      },
      socket: SOCKET,
      engine: {
        long: "engine",
        short: "e",
        value: nameKind("ENGINE"),
        required: true,
        about: "name of the engine",
      },
      task: {
        long: "task_name",
        short: "t",
        value: nameKind("TASK", MAX_TASK_NAME_BYTES),
        about: "name of the task",
      },
      json: JSON_FLAG,
    },
    toCall: ({ project, socket, engine, task, json }, engineCommand) => ({
      socket,
      request: {
        command: "engine",
        project,
        engine,
        engineCommand,
        ...(task === undefined ? {} : { task }),
        json,
      },
      json,
    }),
  }),
  defineCommand({
    words: ["status"],
    about: "show what the server and its tasks have done",
    options: { project: PROJECT, json: JSON_FLAG, restartSafe: RESTART_SAFE, socket: SOCKET },
    toCall: ({ project, json, restartSafe, socket }) => {
      if (restartSafe && (json || project !== undefined)) {
        throw new UsageError(
          `Cannot use --restart-safe with ${
            json ? "--json" : "--name"
          }: it stands alone, with --socket`,
        );
      }
      return {
        socket,
        request: {
          command: "status",
          ...(project === undefined ? {} : { project }),
          ...(json ? {} : restartSafe ? { rounds: 0 } : ROUNDS_IN_TABLE),
        },
        json,
        present: restartSafe ? judgeRestart : showStatus,
      };
    },
  }),
  defineCommand({
    words: ["metrics"],
    about: "print what the server and its tasks have done as metrics for Prometheus",
    options: { openMetrics: OPEN_METRICS, socket: SOCKET },
    toCall: ({ openMetrics, socket }) => ({
      run: async (surroundings) => {
        const { printMetrics } = await import("./metrics_commands.ts");
        return await printMetrics(socket, openMetrics, surroundings);
      },
    }),
  }),
  defineCommand({
    words: ["exporter"],
    about: "serve the metrics to Prometheus, until ended by a signal",
    options: { listen: LISTEN, socket: SOCKET },
    toCall: ({ listen = DEFAULT_LISTEN, socket }) => ({
      run: async (surroundings) => {
        const { runExporter } = await import("./metrics_commands.ts");
        return await runExporter(socket, listen, surroundings);
      },
    }),
  }),
  defineCommand({
    words: ["doctor"],
    about: "find out what keeps etmem from its work, and what mends it",
    options: {
      socket: { ...SOCKET, required: false },
      project: PROJECT,
      file: { ...FILE, required: false },
      json: JSON_FLAG,
    },
    toCall: ({ socket, project, file, json }) => ({
      run: async (surroundings) => {
        const { doctor } = await import("./doctor.ts");
        const path = file === undefined ? undefined : absolutePath(file, process.cwd());
        return await doctor({ socket, project, file: path, json }, surroundings);
      },
    }),
  }),
  defineCommand({
    words: ["top"],
    about: "watch what the tasks do",
    options: { project: PROJECT, delay: DELAY, lines: LINES, socket: SOCKET },
    toCall: ({ project, delay = DEFAULT_DELAY_SECONDS, lines, socket }) => ({
      run: async (surroundings) => {
        const { showTop } = await import("./top_command.ts");
        const options = {
          socket,
          delaySeconds: delay,
          lines,
          ...(project === undefined ? {} : { project }),
        };
        return await showTop(options, surroundings);
      },
    }),
  }),
  defineCommand({
    words: ["histogram"],
    about: "show the memory of a started project by its idle age, and what moving it would come to",
    options: {
      project: NEEDED_PROJECT,
      task: TASK,
      estimateCompression: ESTIMATE_COMPRESSION,
      json: JSON_FLAG,
      socket: SOCKET,
    },
    toCall: ({ project, task, estimateCompression, json, socket }) => ({
      socket,
      request: {
        command: "histogram",
        project,
        ...(task === undefined ? {} : { task }),
        ...(estimateCompression ? { estimateCompression: true } : {}),
      },
      json,
      present: showHistogram,
    }),
  }),
  defineCommand({
    words: ["advise"],
    about: "print the configuration that fits what was seen of a started project",
    options: { project: NEEDED_PROJECT, stall: STALL, json: JSON_FLAG, socket: SOCKET },
    toCall: ({ project, stall, json, socket }) => ({
      socket,
      request: {
        command: "advise",
        project,
        ...(stall === undefined ? {} : { stallLimitPercent: stall }),
      },
      json,
      present: showAdvice,
    }),
  }),
];
