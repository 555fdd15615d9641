import { Refusal } from "./refusal.ts";
import type { Request } from "./request.ts";

/** What the first read of the original server takes in; more is no v1 request. */
const MAX_REQUEST_V1_BYTES = 512;

const KEYS = ["proj_name", "file_name", "cmd", "eng_name", "eng_cmd", "task_name"] as const;
type Key = (typeof KEYS)[number];

/** The commands of v1; their places are the numbers of `cmd`. */
export const COMMANDS_V1 = [
  "obj_add",
  "obj_del",
  "project_start",
  "project_stop",
  "project_show",
  "engine",
] as const satisfies readonly Request["command"][];

/** Stands for a missing value. */
const MISSING = "-";
/** What isspace(3) takes for a blank in the C locale; `\s` would also split names at U+00A0. */
const BLANKS = /[ \t\n\v\f\r]+/;
const NOT_IN_A_VALUE = /[\0 \t\n\v\f\r]/;
const TRAILER = /[\0 \t\n\v\f\r]+$/;
const INTEGER = /^[+-]?[0-9]+$/;

/**
 * A request as v1 carries it, without a terminator.
 * @returns undefined when v1 cannot carry it: a blank in a value, JSON, a newer command,
 * over 512 bytes.
 */
export function formatRequestV1(request: Request): Uint8Array | undefined {
  if (!isCarriedByV1(request)) return undefined;
  if (request.command === "engine" && request.json) return undefined;
  if (request.command === "project_start" && request.dryRun) return undefined;
  const values = valuesOf(request);
  for (const key of KEYS) {
    const value = values[key];
    if (value === "" || value === MISSING || (value !== undefined && NOT_IN_A_VALUE.test(value))) {
      return undefined;
    }
  }
  const bytes = new TextEncoder().encode(
    KEYS.map((key) => `${key} ${values[key] ?? MISSING}`).join(" "),
  );
  return bytes.length > MAX_REQUEST_V1_BYTES ? undefined : bytes;
}

type CarriedByV1 = Extract<Request, { command: (typeof COMMANDS_V1)[number] }>;

function isCarriedByV1(request: Request): request is CarriedByV1 {
  return COMMANDS_V1.some((command) => command === request.command);
}

function valuesOf(request: CarriedByV1): Partial<Record<Key, string>> {
  const cmd = String(COMMANDS_V1.indexOf(request.command));
  switch (request.command) {
    case "obj_add":
    case "obj_del":
      return { cmd, file_name: request.file };
    case "project_start":
    case "project_stop":
      return { cmd, proj_name: request.project };
    case "project_show":
      return request.project === undefined ? { cmd } : { cmd, proj_name: request.project };
    case "engine":
      return {
        cmd,
        proj_name: request.project,
        eng_name: request.engine,
        eng_cmd: request.engineCommand,
        ...(request.task === undefined ? {} : { task_name: request.task }),
      };
  }
}

/**
 * Reads a v1 request: what one read(2) returned. Any run of blanks separates words, as for
 * scanf(3); NUL bytes and blanks at the end are ignored, and so are values that the command has no
 * use for.
 * @throws {Refusal} invalid, naming what is wrong.
 */
export function parseRequestV1(bytes: Uint8Array): Request {
  if (bytes.length > MAX_REQUEST_V1_BYTES) {
    throw new Refusal(
      "invalid",
      `the request has ${bytes.length} bytes, at most ${MAX_REQUEST_V1_BYTES} are allowed`,
    );
  }
  const values = readValues(decode(bytes).replace(TRAILER, "").split(BLANKS));
  const command = readCommand(values.cmd);
  const needed = (key: Key): string => {
    const value = values[key];
    if (value === MISSING) throw new Refusal("invalid", `cmd ${values.cmd} needs a ${key}`);
    return value;
  };
  switch (command) {
    case "obj_add":
    case "obj_del":
      return { command, file: needed("file_name") };
    case "project_start":
    case "project_stop":
      return { command, project: needed("proj_name") };
    case "project_show":
      return values.proj_name === MISSING ? { command } : { command, project: values.proj_name };
    case "engine":
      return {
        command,
        project: needed("proj_name"),
        engine: needed("eng_name"),
        engineCommand: needed("eng_cmd"),
        ...(values.task_name === MISSING ? {} : { task: values.task_name }),
        json: false,
      };
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Refusal("invalid", "the request is not UTF-8 text", { cause });
  }
}

function readValues(words: readonly string[]): Record<Key, string> {
  const value = (index: number): string => {
    const key = words[2 * index];
    if (key !== KEYS[index]) {
      const found = key === undefined || key === "" ? "nothing" : `"${key}"`;
      throw new Refusal("invalid", `the request has ${found} where ${KEYS[index]} is expected`);
    }
    const word = words[2 * index + 1];
    if (word === undefined) throw new Refusal("invalid", `the request ends after ${KEYS[index]}`);
    if (word.includes("\0")) throw new Refusal("invalid", `the ${KEYS[index]} has a NUL byte`);
    return word;
  };
  const values = {
    proj_name: value(0),
    file_name: value(1),
    cmd: value(2),
    eng_name: value(3),
    eng_cmd: value(4),
    task_name: value(5),
  };
  const excess = words[2 * KEYS.length];
  if (excess !== undefined) {
    throw new Refusal("invalid", `the request goes on with "${excess}" after task_name`);
  }
  return values;
}

function readCommand(word: string): (typeof COMMANDS_V1)[number] {
  if (!INTEGER.test(word)) throw new Refusal("invalid", `cmd "${word}" is not an integer`);
  const command = COMMANDS_V1[Number(word)];
  if (command === undefined) {
    throw new Refusal("invalid", `cmd ${word} is not known, 0 to ${COMMANDS_V1.length - 1} are`);
  }
  return command;
}
